-- Channels of notices, and who is told of what by which of them.

-- name: list_canais
SELECT c.*, CASE WHEN now() BETWEEN c.espera_de AND c.espera_ate THEN c.espera_ate END AS em_espera_ate,
       (SELECT count(*) FROM destinatarios d WHERE d.canal_id = c.id) AS destinatarios
FROM canais c
WHERE ($1::int IS NULL OR c.id = $1) AND c.id > $2
ORDER BY c.id
LIMIT $3;

-- name: count_canais
SELECT count(*) FROM canais;

-- name: insert_canal
INSERT INTO canais (nome, tipo, servico, pede_endereco, config, segredos) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id;

-- name: update_canal
-- Changed by a person, it waits for nothing.
UPDATE canais c
SET (nome, servico, pede_endereco, config, segredos, ativo) =
        (SELECT n.nome, n.servico, n.pede_endereco, n.config, n.segredos, n.ativo
         FROM jsonb_populate_record(c, $2::jsonb) n),
    espera_de = NULL, espera_ate = NULL, updated_at = now()
WHERE c.id = $1;

-- name: lock_destinatarios
SELECT id FROM destinatarios WHERE canal_id = $1 ORDER BY id FOR UPDATE;

-- name: delete_canal
DELETE FROM canais WHERE id = $1;

-- name: list_destinatarios
SELECT d.id, d.pessoa_id, p.nome AS pessoa, d.canal_id, c.nome AS canal, c.servico, d.endereco, d.eventos,
       d.limite_falhas, d.ativo, a.pendentes, a.falhando, a.desistidos, a.ultimo_aceito_em, d.created_at, d.updated_at,
       c.ativo AND p.ativo AND d.ativo AS recebe
FROM destinatarios d
JOIN pessoas p ON p.id = d.pessoa_id
JOIN canais c ON c.id = d.canal_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE estado = 'pendente') AS pendentes, count(*) FILTER (WHERE estado = 'falhou') AS falhando,
           count(*) FILTER (WHERE estado = 'desistiu') AS desistidos, max(aceito_em) AS ultimo_aceito_em
    FROM avisos WHERE destinatario_id = d.id
) a
WHERE ($1::int IS NULL OR d.id = $1) AND d.id > $2 AND ($4::int IS NULL OR d.pessoa_id = $4)
ORDER BY d.id
LIMIT $3;

-- name: count_destinatarios
SELECT count(*) FROM destinatarios WHERE pessoa_id = $1;

-- name: insert_destinatario
INSERT INTO destinatarios (pessoa_id, canal_id, endereco, eventos, limite_falhas) VALUES ($1, $2, $3, $4, $5)
RETURNING id;

-- name: update_destinatario
UPDATE destinatarios d
SET (endereco, eventos, limite_falhas, ativo) =
        (SELECT n.endereco, n.eventos, n.limite_falhas, n.ativo FROM jsonb_populate_record(d, $2::jsonb) n),
    updated_at = now()
WHERE d.id = $1;

-- name: delete_destinatario
DELETE FROM destinatarios WHERE id = $1;

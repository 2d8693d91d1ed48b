-- Mirrors and their copies: taken by one gateway at a time, and what became of each.

-- name: vistos
SELECT e.*, CASE WHEN now() BETWEEN e.espera_de AND e.espera_ate THEN e.espera_ate END AS em_espera_ate, c.*
FROM espelhos e
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE feita_em IS NULL AND sha256 IS NOT NULL) AS pendentes,
           count(*) FILTER (WHERE feita_em IS NULL AND sha256 IS NULL) AS a_remover,
           count(*) FILTER (WHERE feita_em IS NULL AND erro IS NOT NULL) AS falhando,
           count(*) FILTER (WHERE feita_em IS NOT NULL AND sha256 IS NOT NULL) AS feitas,
           min(pedida_em) FILTER (WHERE feita_em IS NULL) AS atrasada_desde, max(feita_em) AS ultima_em
    FROM copias WHERE espelho_id = e.id
) c

-- name: list_espelhos
{vistos}
WHERE e.id > $1
ORDER BY e.id
LIMIT $2;

-- name: find_espelho
{vistos}
WHERE e.id = $1;

-- name: find_espelho_by_nome
SELECT id FROM espelhos WHERE nome_limpo = $1;

-- name: insert_espelho
INSERT INTO espelhos (nome, destino, endereco, regiao, chave, segredo) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (nome_limpo, empresa_id) DO NOTHING
RETURNING id;

-- name: update_espelho
-- Changed by a person, it is tried at once, and all that waits for it.
WITH apressadas AS (UPDATE copias SET proxima_em = now() WHERE espelho_id = $1 AND feita_em IS NULL)
UPDATE espelhos e
SET (nome, destino, endereco, regiao, chave, segredo, ativo) =
        (SELECT n.nome, n.destino, n.endereco, n.regiao, n.chave, n.segredo, n.ativo
         FROM jsonb_populate_record(e, $2::jsonb) n),
    falhas = 0, erro = NULL, espera_de = NULL, espera_ate = NULL, updated_at = now()
WHERE e.id = $1;

-- name: delete_espelho
DELETE FROM espelhos WHERE id = $1;

-- name: wait_for_boletos
-- Whoever is filing one may not know of a mirror that is just being made.
LOCK TABLE boletos IN SHARE MODE;

-- name: fill
-- All that is filed, as not done yet: what lies there already is found by its content, and is not sent again.
INSERT INTO copias (espelho_id, caminho, sha256, tamanho)
SELECT e.id, b.arquivo_caminho, b.arquivo_sha256, b.arquivo_tamanho
FROM espelhos e
JOIN boletos b ON b.empresa_id = e.empresa_id
WHERE e.id = $1
ON CONFLICT (espelho_id, caminho) DO UPDATE
SET sha256 = excluded.sha256, tamanho = excluded.tamanho, pedida_em = now(), tentativas = 0, proxima_em = now(), erro = NULL,
    feita_em = NULL
RETURNING id;

-- name: release
UPDATE espelhos SET falhas = 0, erro = NULL, espera_de = NULL, espera_ate = NULL WHERE id = $1;

-- name: claim_copias
-- $1 mirrors with copies on their way and $2 how many of each; $3 how many there may be; $4 seconds to make one. A mirror
-- that refused the last one is tried with a single one. A last attempt that lies ahead: the clock was set back.
WITH devidas AS (
    SELECT d.id
    FROM espelhos e
    JOIN empresas o ON o.id = e.empresa_id AND o.ativa
    LEFT JOIN unnest($1::int[], $2::int[]) AS v (espelho_id, em_voo) ON v.espelho_id = e.id
    CROSS JOIN LATERAL (
        SELECT c.id FROM copias c
        WHERE c.espelho_id = e.id AND c.feita_em IS NULL AND is_ahead(c.reservada_ate) IS NOT TRUE
          AND (c.proxima_em <= now() OR c.tentada_em > now())
        ORDER BY c.proxima_em, c.id
        LIMIT greatest(0, CASE WHEN e.falhas > 0 THEN 1 ELSE $3::int END - coalesce(v.em_voo, 0))
        FOR UPDATE SKIP LOCKED
    ) d
    WHERE e.ativo AND (now() BETWEEN e.espera_de AND e.espera_ate) IS NOT TRUE
)
UPDATE copias c
SET reserva = gen_random_uuid(), reservada_ate = now() + make_interval(secs => $4), tentativas = tentativas + 1,
    tentada_em = now()
FROM devidas d, espelhos e
WHERE c.id = d.id AND e.id = c.espelho_id
RETURNING c.id, c.espelho_id, c.caminho, c.sha256, c.tamanho, c.pedida_em, c.tentativas, c.reserva, e.destino, e.endereco, e.regiao,
          e.chave, e.segredo, e.falhas, e.updated_at AS espelho_em;

-- name: finish_copia
-- $3: since when it was due. What was asked for meanwhile still is.
WITH feita AS (
    UPDATE copias
    SET feita_em = CASE WHEN pedida_em = $3 THEN now() END,
        erro = NULL, reserva = NULL, reservada_ate = NULL
    WHERE id = $1 AND reserva = $2
    RETURNING espelho_id
)
UPDATE espelhos SET falhas = 0, erro = NULL, espera_de = NULL, espera_ate = NULL
WHERE id = (SELECT espelho_id FROM feita) AND falhas > 0;

-- name: drop_removida
-- Nothing is to lie there, and nothing does.
DELETE FROM copias WHERE id = $1 AND sha256 IS NULL AND feita_em IS NOT NULL;

-- name: fail_copia
-- $3: since when it was due; $4 seconds until it is tried again. What was asked for meanwhile is due as it stands.
UPDATE copias
SET proxima_em = CASE WHEN pedida_em = $3 THEN now() + make_interval(secs => $4) ELSE proxima_em END,
    erro = CASE WHEN pedida_em = $3 THEN $5 END, reserva = NULL, reservada_ate = NULL
WHERE id = $1 AND reserva = $2;

-- name: hold_espelho
-- $4: failures before this one; several at once are one. $5: when it was last changed: what failed before is no matter.
UPDATE espelhos
SET falhas = greatest(falhas, $4::int + 1), erro = $3, espera_de = now(), espera_ate = now() + make_interval(secs => $2)
WHERE id = $1 AND updated_at = $5;

-- name: list_copias
SELECT c.id, c.caminho, c.sha256, c.tamanho, c.pedida_em, c.tentativas, c.tentada_em, c.erro, c.feita_em,
       CASE WHEN c.feita_em IS NOT NULL THEN 'feita' WHEN c.erro IS NOT NULL THEN 'falhou' ELSE 'pendente' END AS estado,
       CASE WHEN c.feita_em IS NULL AND c.erro IS NOT NULL THEN c.proxima_em END AS proxima_em
FROM copias c
WHERE c.espelho_id = $1 AND ($3::bigint IS NULL OR c.id < $3)
  AND CASE $2::text WHEN 'feita' THEN c.feita_em IS NOT NULL WHEN 'falhou' THEN c.feita_em IS NULL AND c.erro IS NOT NULL
                    WHEN 'pendente' THEN c.feita_em IS NULL AND c.erro IS NULL ELSE true END
ORDER BY c.id DESC
LIMIT $4;

-- name: find_lugar
SELECT externo_id FROM lugares WHERE espelho_id = $1 AND chave = $2;

-- name: keep_lugar
-- $4: what was kept there before, which the new one replaces. Whoever came first has it.
INSERT INTO lugares (espelho_id, chave, externo_id) VALUES ($1, $2, $3)
ON CONFLICT (espelho_id, chave) DO UPDATE
SET externo_id = CASE WHEN lugares.externo_id = $4 THEN excluded.externo_id ELSE lugares.externo_id END
RETURNING externo_id;

-- name: drop_lugar
DELETE FROM lugares WHERE espelho_id = $1 AND chave = $2 AND externo_id = $3;

-- Notices to people: taken by one gateway at a time, and what became of each.

-- name: has_destinatarios
SELECT EXISTS (SELECT FROM destinatarios WHERE ativo);

-- name: insert_avisos
-- $1 occasion, $2 which one, $3 ponto de venda, $4 title, $5 text; of failures $6 how many; $7 what was told at
-- this moment already. Nobody who is told is removed before the transaction ends.
INSERT INTO avisos (destinatario_id, canal_id, evento_id, tipo, titulo, texto)
SELECT d.id, d.canal_id, $2, $1, $4, $5
FROM (
    SELECT d.id, d.canal_id
    FROM destinatarios d
    JOIN canais c ON c.id = d.canal_id
    JOIN pessoas p ON p.id = d.pessoa_id
    WHERE d.empresa_id = (SELECT empresa_id FROM pontos_venda WHERE id = $3)
      AND d.ativo AND c.ativo AND p.ativo AND (d.eventos IS NULL OR $1 = ANY (d.eventos))
      AND (p.todos_pontos_venda
           OR EXISTS (SELECT FROM pessoas_pontos_venda v WHERE v.pessoa_id = p.id AND v.ponto_venda_id = $3))
      AND ($6::int IS NULL OR d.limite_falhas < $6)
      AND NOT EXISTS (SELECT FROM avisos a WHERE a.destinatario_id = d.id AND a.evento_id = ANY ($7::text[]))
    ORDER BY d.id
    FOR KEY SHARE OF d
) d
ON CONFLICT (destinatario_id, evento_id) DO NOTHING;

-- name: insert_teste
INSERT INTO avisos (destinatario_id, canal_id, evento_id, tipo, titulo, texto)
SELECT id, canal_id, $2, $3, $4, $5 FROM destinatarios WHERE id = $1
RETURNING id;

-- name: devido
-- Never tried, or its pause is over. A last attempt that lies ahead: the clock was set back, and so would be the pause.
a.estado IN ('pendente', 'falhou') AND is_ahead(a.reservada_ate) IS NOT TRUE
      AND (a.estado = 'pendente' OR a.proxima_em <= now() OR a.tentado_em > now())

-- name: claim_avisos
-- $1 channels with requests on their way and $2 how many of each; $3 how many there may be; $4 seconds to make one. What
-- waits for a person who was shut out, or for notices that were switched off, waits on.
WITH devidos AS (
    SELECT d.id
    FROM canais c
    JOIN empresas e ON e.id = c.empresa_id AND e.ativa
    LEFT JOIN unnest($1::int[], $2::int[]) AS v (canal_id, em_voo) ON v.canal_id = c.id
    CROSS JOIN LATERAL (
        SELECT a.id FROM avisos a
        JOIN destinatarios t ON t.id = a.destinatario_id
        JOIN pessoas p ON p.id = t.pessoa_id
        WHERE a.canal_id = c.id AND {devido} AND t.ativo AND p.ativo
        ORDER BY a.proxima_em, a.id
        LIMIT greatest(0, $3 - coalesce(v.em_voo, 0))
        FOR UPDATE OF a SKIP LOCKED
    ) d
    WHERE c.ativo AND (now() BETWEEN c.espera_de AND c.espera_ate) IS NOT TRUE
)
UPDATE avisos a
SET reserva = gen_random_uuid(), reservada_ate = now() + make_interval(secs => $4), tentativas = tentativas + 1,
    tentado_em = now()
FROM devidos v, destinatarios d, canais c
WHERE a.id = v.id AND d.id = a.destinatario_id AND c.id = a.canal_id
RETURNING a.id, a.chave, a.canal_id, a.tipo, a.titulo, a.texto, a.tentativas, a.reserva, d.endereco,
          c.tipo AS canal_tipo, c.config, c.segredos;

-- name: accept_aviso
-- Whoever else may have begun it meanwhile: it is there. Its service may have said more of it before its answer came,
-- that it failed after all too.
UPDATE avisos
SET estado = CASE WHEN estado IN ('pendente', 'falhou') THEN 'aceito' ELSE estado END,
    aceito_em = coalesce(aceito_em, now()), externo_id = coalesce($2, externo_id), erro = NULL, reserva = NULL,
    reservada_ate = NULL
WHERE id = $1 AND estado <> 'desistiu' AND (estado = 'falhou' AND externo_id = $2) IS NOT TRUE;

-- name: fail_aviso
-- $3 seconds until it is tried again; null: it is not. Only of the attempt in force.
UPDATE avisos
SET estado = CASE WHEN $3::float8 IS NULL THEN 'desistiu' ELSE 'falhou' END,
    proxima_em = now() + make_interval(secs => coalesce($3, 0)), erro = $4, reserva = NULL, reservada_ate = NULL
WHERE id = $1 AND reserva = $2 AND estado IN ('pendente', 'falhou');

-- name: hold_canal
UPDATE canais SET espera_de = now(), espera_ate = now() + make_interval(secs => $2) WHERE id = $1;

-- name: note_situacao
-- By the service's number, or by ours where its answer was lost: then it is not sent again. $4 aceito, entregue, lido.
-- That a former attempt was taken says nothing of one that is still to be made.
UPDATE avisos
SET estado = CASE WHEN estado = 'lido' OR estado = 'entregue' AND $4 = 'aceito' THEN estado ELSE $4 END,
    externo_id = $2, erro = NULL, reserva = NULL, reservada_ate = NULL,
    aceito_em = coalesce(aceito_em, $5, now()),
    entregue_em = CASE WHEN $4 IN ('entregue', 'lido') THEN coalesce(entregue_em, $5, now()) ELSE entregue_em END,
    lido_em = CASE WHEN $4 = 'lido' THEN coalesce(lido_em, $5, now()) ELSE lido_em END
WHERE canal_id = $1 AND (externo_id = $2 OR chave::text = $3)
  AND NOT ($4 = 'aceito' AND estado IN ('pendente', 'falhou', 'desistiu') AND externo_id IS NOT DISTINCT FROM $2);

-- name: note_falha
-- $5 seconds before each further attempt; past them, or of a test, there is none. What was delivered did not fail, and
-- what was said of a former attempt says nothing of this one.
WITH f AS (
    SELECT id, CASE WHEN tipo <> 'teste' THEN ($5::float8[])[tentativas] END AS espera_s
    FROM avisos
    WHERE canal_id = $1 AND (externo_id = $2 AND estado = 'aceito'
                             OR externo_id IS NULL AND chave::text = $3
                                AND estado IN ('pendente', 'falhou', 'aceito'))
    FOR UPDATE
)
UPDATE avisos a
SET estado = CASE WHEN f.espera_s IS NULL THEN 'desistiu' ELSE 'falhou' END,
    proxima_em = now() + make_interval(secs => coalesce(f.espera_s, 0)), externo_id = $2, erro = $4, reserva = NULL,
    reservada_ate = NULL
FROM f
WHERE a.id = f.id;

-- name: list_avisos
SELECT a.id, p.nome AS pessoa, c.nome AS canal, a.destinatario_id, a.tipo, a.titulo, a.texto, a.estado, a.tentativas,
       a.criado_em, a.tentado_em, CASE WHEN a.estado = 'falhou' THEN a.proxima_em END AS proxima_em, a.aceito_em,
       a.entregue_em, a.lido_em, a.erro
FROM avisos a
JOIN destinatarios d ON d.id = a.destinatario_id
JOIN pessoas p ON p.id = d.pessoa_id
JOIN canais c ON c.id = a.canal_id
WHERE ($1::bigint IS NULL OR a.id = $1) AND ($2::text IS NULL OR a.estado = $2) AND ($3::bigint IS NULL OR a.id < $3)
  AND ($5::int IS NULL OR d.pessoa_id = $5)
ORDER BY a.id DESC
LIMIT $4;

-- name: resend
UPDATE avisos
SET estado = 'pendente', tentativas = 0, proxima_em = now(), reserva = NULL, reservada_ate = NULL
WHERE id = $1 AND estado IN ('falhou', 'desistiu') AND is_ahead(reservada_ate) IS NOT TRUE
RETURNING id;

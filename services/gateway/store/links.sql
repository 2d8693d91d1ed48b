-- Workbooks by link: which are to be looked at, taken by one gateway at a time, and what became of it.

-- name: set_link
-- Another link, or one by somebody who sees other pontos de venda, begins anew; the same one stays as it is.
INSERT INTO links_planilha AS l (consultor_id, link, alcance) VALUES ($1, $2, $3)
ON CONFLICT (consultor_id) DO UPDATE
SET link = excluded.link, alcance = excluded.alcance, proxima_em = now(), pedida_por = NULL, tentada_em = NULL, falhas = 0,
    erro = NULL, reserva = NULL, reservada_ate = NULL, pedido_id = NULL, marca = NULL, versao = NULL,
    planilha_id = NULL, recusa = NULL, em_dia_em = NULL
WHERE l.link <> excluded.link OR l.alcance IS DISTINCT FROM excluded.alcance;

-- name: drop_link
DELETE FROM links_planilha WHERE consultor_id = $1;

-- name: find_link
SELECT l.*, EXISTS (SELECT FROM pedidos q WHERE q.id = l.pedido_id AND q.respondido_em IS NULL) AS importando
FROM links_planilha l
WHERE l.consultor_id = $1;

-- name: find_planilha
SELECT p.*, c.nome AS consultor, v.codigo AS ponto_venda
FROM links_planilha l
JOIN planilhas p ON p.id = l.planilha_id
JOIN consultores c ON c.id = p.consultor_id
LEFT JOIN pontos_venda v ON v.id = p.ponto_venda_id
WHERE l.consultor_id = $1;

-- name: ask_links
-- $1: the pontos de venda that the caller sees; $2 who asks. What is under way already is not asked twice.
UPDATE links_planilha l
SET proxima_em = now(), pedida_por = $2
FROM consultores c
JOIN pontos_venda p ON p.id = c.ponto_venda_id AND p.ativo
WHERE c.id = l.consultor_id AND c.ativo AND ($1::int[] IS NULL OR c.ponto_venda_id = ANY ($1))
  AND ($3::int IS NULL OR c.id = $3)
  AND NOT EXISTS (SELECT FROM pedidos q WHERE q.id = l.pedido_id AND q.respondido_em IS NULL)
RETURNING l.consultor_id;

-- name: claim_links
-- $1 how many; $2 seconds to open one; $3 this one alone, whether or not it is due. A last look that lies ahead: the
-- clock was set back. Of each office in turn, what is being opened counted: one with hundreds holds up no other's.
WITH fila AS (
    SELECT l.consultor_id, l.tentada_em,
           row_number() OVER (PARTITION BY l.empresa_id
                              ORDER BY is_ahead(l.reservada_ate) IS TRUE DESC, l.proxima_em, l.consultor_id) AS vez
    FROM links_planilha l
    JOIN empresas o ON o.id = l.empresa_id AND o.ativa
    JOIN consultores c ON c.id = l.consultor_id AND c.ativo
    JOIN pontos_venda p ON p.id = c.ponto_venda_id AND p.ativo
    WHERE NOT EXISTS (SELECT FROM pedidos q WHERE q.id = l.pedido_id AND q.respondido_em IS NULL)
      AND CASE WHEN $3::int IS NULL THEN l.proxima_em <= now() OR l.tentada_em > now() ELSE l.consultor_id = $3 END
), devidos AS (
    SELECT l.consultor_id
    FROM fila f
    JOIN links_planilha l ON l.consultor_id = f.consultor_id
    -- Nobody has taken it since it was looked at.
    WHERE is_ahead(l.reservada_ate) IS NOT TRUE AND l.tentada_em IS NOT DISTINCT FROM f.tentada_em
    ORDER BY f.vez, l.proxima_em, l.consultor_id
    LIMIT $1
    FOR UPDATE OF l SKIP LOCKED
)
UPDATE links_planilha l
SET reserva = gen_random_uuid(), reservada_ate = now() + make_interval(secs => $2), tentada_em = now()
FROM devidos d, consultores c, pontos_venda p
WHERE l.consultor_id = d.consultor_id AND c.id = l.consultor_id AND p.id = c.ponto_venda_id
RETURNING l.*, c.ponto_venda_id, p.codigo AS ponto_venda, now() AS agora;

-- name: list_contas
-- Of the office's own mirrors in Google Drive.
SELECT id, endereco, segredo FROM espelhos
WHERE empresa_id = $1 AND ativo AND destino LIKE 'drive://%'
ORDER BY id;

-- name: hold_link
-- Whether it is still this one's to go on with.
SELECT consultor_id FROM links_planilha WHERE consultor_id = $1 AND reserva = $2 FOR UPDATE;

-- name: pedida_depois
-- Whoever asked since it was taken may want what was not there yet: it is due once more.
(proxima_em > tentada_em AND proxima_em <= now())

-- name: begin_importacao
-- $2 the question, $3 seconds until the next look.
UPDATE links_planilha
SET pedido_id = $2, reserva = NULL, reservada_ate = NULL,
    pedida_por = CASE WHEN {pedida_depois} THEN pedida_por END,
    proxima_em = CASE WHEN {pedida_depois} THEN proxima_em ELSE now() + make_interval(secs => $3) END
WHERE consultor_id = $1;

-- name: is_importing
SELECT EXISTS (SELECT FROM links_planilha WHERE pedido_id = $1);

-- name: keep_link
-- $3 seconds until the next look, $4 what Google says of it now: the same bytes. What could not be read still cannot.
UPDATE links_planilha
SET em_dia_em = CASE WHEN recusa IS NULL THEN now() ELSE em_dia_em END, erro = recusa, falhas = 0,
    versao = coalesce($4, versao),
    reserva = NULL, reservada_ate = NULL,
    pedida_por = CASE WHEN {pedida_depois} THEN pedida_por END,
    proxima_em = CASE WHEN {pedida_depois} THEN proxima_em ELSE now() + make_interval(secs => $3) END
WHERE consultor_id = $1 AND reserva = $2;

-- name: pausa
make_interval(secs => least(300 * 2.0 ^ least(falhas, 20), 14400))

-- name: fail_link
-- $3 seconds until it is due in any case.
UPDATE links_planilha
SET erro = $4, falhas = falhas + 1, reserva = NULL, reservada_ate = NULL,
    pedida_por = CASE WHEN {pedida_depois} THEN pedida_por END,
    proxima_em = CASE WHEN {pedida_depois} THEN proxima_em
                      ELSE now() + least(make_interval(secs => $3), {pausa}) END
WHERE consultor_id = $1 AND reserva = $2;

-- name: finish_importacao
-- $1 the question, $2 the mark of the workbook, $3 what Google says of it; then the workbook, or why it could not be read.
UPDATE links_planilha
SET marca = $2, versao = $3, planilha_id = $4, recusa = $5, erro = $5, falhas = 0,
    em_dia_em = CASE WHEN $5::text IS NULL THEN now() ELSE em_dia_em END
WHERE pedido_id = $1;

-- name: fail_importacao
UPDATE links_planilha
SET erro = $2, falhas = falhas + 1, proxima_em = least(proxima_em, now() + {pausa})
WHERE pedido_id = $1;

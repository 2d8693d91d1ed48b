-- Webhooks: who is told of what, and with which secrets.

-- name: vistos
-- $1: the pontos de venda that the caller sees; a webhook of all of them is only seen by who sees all.
SELECT w.*, p.codigo AS ponto_venda,
       CASE WHEN w.anterior_ate > now() THEN w.anterior_ate END AS segredo_anterior_ate,
       CASE WHEN now() BETWEEN w.espera_de AND w.espera_ate THEN w.espera_ate END AS em_espera_ate,
       e.pendentes, e.falhando, e.desistidas, e.ultima_aceita_em
FROM webhooks w
LEFT JOIN pontos_venda p ON p.id = w.ponto_venda_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE estado = 'pendente') AS pendentes, count(*) FILTER (WHERE estado = 'falhou') AS falhando,
           count(*) FILTER (WHERE estado = 'desistiu') AS desistidas, max(aceita_em) AS ultima_aceita_em
    FROM webhooks_entregas WHERE webhook_id = w.id
) e
WHERE ($1::int[] IS NULL OR w.ponto_venda_id = ANY ($1))

-- name: list_webhooks
{vistos}
  AND w.id > $2
ORDER BY w.id
LIMIT $3;

-- name: find_webhook
{vistos}
  AND w.id = $2;

-- name: count_webhooks
SELECT count(*) FROM webhooks;

-- name: insert_webhook
INSERT INTO webhooks (nome, url, eventos, ponto_venda_id, segredo) VALUES ($1, $2, $3, $4, $5) RETURNING id;

-- name: update_webhook
-- Switched on again by a person, or sent elsewhere, it waits for nothing.
UPDATE webhooks w
SET (nome, url, eventos, ponto_venda_id, ativo) =
        (SELECT n.nome, n.url, n.eventos, n.ponto_venda_id, n.ativo FROM jsonb_populate_record(w, $2::jsonb) n),
    desligado_em = CASE WHEN $2::jsonb @> '{"ativo": true}' THEN NULL ELSE desligado_em END,
    desligado_motivo = CASE WHEN $2::jsonb @> '{"ativo": true}' THEN NULL ELSE desligado_motivo END,
    espera_de = CASE WHEN $2::jsonb @> '{"ativo": true}' OR $2::jsonb ? 'url' THEN NULL ELSE espera_de END,
    espera_ate = CASE WHEN $2::jsonb @> '{"ativo": true}' OR $2::jsonb ? 'url' THEN NULL ELSE espera_ate END,
    updated_at = now()
WHERE w.id = $1;

-- name: delete_webhook
DELETE FROM webhooks WHERE id = $1;

-- name: lock_segredos
SELECT segredo, CASE WHEN anterior_ate > now() THEN segredo_anterior END AS segredo_anterior FROM webhooks
WHERE id = $1 FOR NO KEY UPDATE;

-- name: rotate_segredo
-- $3 the former ones, null: none; $4 hours for which they sign too, those of a rotation before it for no shorter time.
UPDATE webhooks
SET segredo = $2, segredo_anterior = $3::text, updated_at = now(),
    anterior_ate = CASE WHEN $3::text IS NOT NULL THEN
        greatest(CASE WHEN anterior_ate > now() THEN anterior_ate END, now() + make_interval(hours => $4)) END
WHERE id = $1;

-- name: hold_webhook
UPDATE webhooks SET espera_de = now(), espera_ate = now() + make_interval(secs => $2) WHERE id = $1;

-- name: lock_url
SELECT url FROM webhooks WHERE id = $1 FOR NO KEY UPDATE;

-- name: switch_off
UPDATE webhooks SET ativo = false, desligado_em = now(), desligado_motivo = $2, updated_at = now()
WHERE id = $1 AND ativo
RETURNING id;

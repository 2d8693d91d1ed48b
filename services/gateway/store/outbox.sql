-- What was committed and still has to be published.

-- name: insert_mensagens
INSERT INTO outbox (fila, ttl_s, rota, corpo)
SELECT m.fila, $1, m.rota, m.corpo
FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS m (fila, rota, corpo, ordem)
ORDER BY m.ordem;

-- name: take_mensagens
-- None while another gateway publishes.
WITH vez AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext('outbox')) AS minha)
SELECT id, fila, rota, corpo, ttl_s, ttl_s IS NOT NULL AND criado_em + make_interval(secs => ttl_s) < now() AS vencida
FROM outbox
WHERE (SELECT minha FROM vez)
ORDER BY id
LIMIT $1
FOR UPDATE OF outbox SKIP LOCKED;

-- name: delete_mensagens
DELETE FROM outbox WHERE id = ANY ($1::bigint[]);

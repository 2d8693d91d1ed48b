-- What was committed and still has to be published.

-- name: insert_mensagens
INSERT INTO outbox (fila, ttl_s, rota, corpo)
SELECT $1, $2, m.rota, m.corpo FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS m (rota, corpo, ordem)
ORDER BY m.ordem;

-- name: try_lock
SELECT pg_try_advisory_xact_lock(hashtext('outbox'));

-- name: take_mensagens
SELECT id, fila, rota, corpo, ttl_s, ttl_s IS NOT NULL AND criado_em + make_interval(secs => ttl_s) < now() AS vencida
FROM outbox
ORDER BY id
LIMIT $1
FOR UPDATE SKIP LOCKED;

-- name: delete_mensagens
DELETE FROM outbox WHERE id = ANY ($1::bigint[]);

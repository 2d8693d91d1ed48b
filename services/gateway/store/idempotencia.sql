-- The same submission sent twice is one execution.

-- name: lock_chave
SELECT pg_advisory_xact_lock(hashtextextended('idempotencia:' || $1::int || ':' || $2::text, 0));

-- name: find_chave
SELECT corpo_sha256, automacao_id FROM idempotencia WHERE chave_id = $1 AND chave = $2;

-- name: insert_chave
INSERT INTO idempotencia (chave_id, chave, corpo_sha256, automacao_id) VALUES ($1, $2, $3, $4);

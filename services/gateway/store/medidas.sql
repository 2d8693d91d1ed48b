-- What searches take at the portal, and the sessions that it costs.

-- name: note_buscas
-- Of a credential with one session there is nothing to learn.
INSERT INTO medidas_busca (credencial_id, sessoes, ms)
SELECT c.credencial_id,
       (SELECT count(DISTINCT l.cerca) FROM log_downloads_boletos l
        JOIN concessoes o ON o.cerca = l.cerca
        WHERE o.credencial_id = c.credencial_id AND o.encerrada_em IS NULL AND l.status = 'processando'),
       n.ms
FROM unnest($1::bigint[], $2::int[]) AS n (cerca, ms)
JOIN concessoes c ON c.cerca = n.cerca
JOIN credenciais_canopus k ON k.id = c.credencial_id
WHERE k.max_sessoes > 1;

-- name: list_lentas
-- Credentials for which a search took $1 ms or more in the last $2 seconds.
SELECT DISTINCT credencial_id FROM medidas_busca
WHERE em > now() - make_interval(secs => $2) AND ms >= $1
ORDER BY credencial_id;

-- name: lock_lenta
-- lenta: reduced for slowness, $2 seconds ago at most; ha_s: how long ago. Who finds it locked leaves it to the other.
SELECT coalesce(reduzida_ate > now(), false) AS reduzida, coalesce(lenta_ate = reduzida_ate, false) AS lenta,
       sessoes_reduzidas, lenta_sessoes, lenta_vazao,
       extract(epoch FROM now() - lenta_ate + make_interval(secs => $2))::float8 AS ha_s
FROM credenciais_canopus WHERE id = $1 FOR UPDATE SKIP LOCKED;

-- name: list_medidas
-- The latest first.
SELECT extract(epoch FROM now() - em)::float8 AS ha_s, sessoes, ms FROM medidas_busca
WHERE credencial_id = $1 AND em > now() - make_interval(secs => $2)
ORDER BY em DESC;

-- name: reduce_lenta
UPDATE credenciais_canopus
SET sessoes_reduzidas = $2, lenta_sessoes = $3, lenta_vazao = $4,
    reduzida_ate = now() + make_interval(secs => $5), lenta_ate = now() + make_interval(secs => $5)
WHERE id = $1;

-- name: restore_lenta
UPDATE credenciais_canopus SET sessoes_reduzidas = NULL, reduzida_ate = NULL WHERE id = $1;

-- name: forget_medidas
DELETE FROM medidas_busca WHERE credencial_id = $1;

-- name: delete_velhas
DELETE FROM medidas_busca WHERE em < now() - make_interval(secs => $1);

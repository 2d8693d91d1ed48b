-- Stops and waits of credentials. A stop is lifted by a person alone.

-- name: fix_credencial
UPDATE credenciais_canopus
SET parada_codigo = NULL, parada_em = NULL, bloqueada_em = NULL, divergentes = '{}', quedas = 0, espera_ate = NULL,
    sessoes_reduzidas = NULL, reduzida_ate = NULL,
    consertada_cerca = (SELECT coalesce(max(cerca), 0) FROM concessoes)
WHERE id = $1
RETURNING ponto_venda_id;

-- name: fix_credenciais_paradas
UPDATE credenciais_canopus
SET parada_codigo = NULL, parada_em = NULL, bloqueada_em = NULL, divergentes = '{}', quedas = 0, espera_ate = NULL,
    consertada_cerca = (SELECT coalesce(max(cerca), 0) FROM concessoes)
WHERE ponto_venda_id = $1 AND parada_codigo IS NOT NULL;

-- name: stop_credencial
-- A refusal from a lease granted before a person put the credential right says nothing about it as it is now.
UPDATE credenciais_canopus
SET parada_codigo = $2, parada_em = now(), ultimo_erro = now(), mensagem_erro = $3, parada_evidencia = $5
WHERE id = $1 AND parada_codigo IS NULL AND consertada_cerca < $4
RETURNING ponto_venda_id;

-- name: lock_credencial
SELECT * FROM credenciais_canopus WHERE id = $1 FOR UPDATE;

-- name: find_credencial_cerca
SELECT credencial_id FROM concessoes WHERE cerca = $1;

-- name: has_saudavel
SELECT EXISTS (SELECT FROM credenciais_canopus WHERE ponto_venda_id = $1 AND ativo AND parada_codigo IS NULL);

-- name: find_parada
-- Why no credential can serve this ponto de venda any more: its last stop, or that there is none.
SELECT coalesce(k.parada_codigo, 'login') AS parada_codigo, k.mensagem_erro,
       coalesce(k.parada_evidencia, '[]') AS parada_evidencia
FROM (VALUES (1)) AS sempre
LEFT JOIN LATERAL (
    SELECT * FROM credenciais_canopus WHERE ponto_venda_id = $1 AND ativo ORDER BY parada_em DESC NULLS LAST LIMIT 1
) k ON true
WHERE NOT EXISTS (SELECT FROM credenciais_canopus WHERE ponto_venda_id = $1 AND ativo AND parada_codigo IS NULL);

-- name: is_bloqueada_ha_pouco
SELECT bloqueada_em > now() - make_interval(secs => $2) FROM credenciais_canopus WHERE id = $1 FOR UPDATE;

-- name: lock_sessoes
SELECT CASE WHEN reduzida_ate > now() THEN least(max_sessoes, sessoes_reduzidas) ELSE max_sessoes END AS limite
FROM credenciais_canopus WHERE id = $1 FOR UPDATE;

-- name: list_execucoes_vivas
SELECT id FROM execucoes_automacao
WHERE ponto_venda_id = $1 AND status IN ('na_fila', 'em_andamento', 'pausada', 'bloqueada')
  AND pendentes + processando > 0
ORDER BY id;

-- name: note_bloqueio
UPDATE credenciais_canopus SET bloqueada_em = now() WHERE id = $1;

-- name: note_login
UPDATE credenciais_canopus SET ultimo_login = now(), mensagem_erro = NULL WHERE id = $1;

-- name: note_resposta
-- The portal served this credential: what went wrong before was not lasting.
UPDATE credenciais_canopus SET quedas = 0, espera_ate = NULL, divergentes = CASE WHEN $2 THEN '{}' ELSE divergentes END
WHERE id = $1 AND (quedas > 0 OR espera_ate IS NOT NULL OR $2 AND divergentes <> '{}');

-- name: note_acertos
-- The same, with the right document, of all that stands behind these leases; $2: the ponto de venda. The news of the
-- login may have been lost.
WITH abertas AS (
    UPDATE concessoes SET aberta = true WHERE cerca = ANY ($1::bigint[]) AND NOT aberta
), credenciais AS (
    UPDATE credenciais_canopus SET quedas = 0, espera_ate = NULL, divergentes = '{}'
    WHERE id IN (SELECT credencial_id FROM concessoes WHERE cerca = ANY ($1::bigint[]))
      AND (quedas > 0 OR espera_ate IS NOT NULL OR divergentes <> '{}')
)
UPDATE portais SET estado = 'fechado', falhas = '{}', aberturas = 0, sonda_em = NULL, sonda_item = NULL
WHERE url_base = (SELECT url_base FROM pontos_venda WHERE id = $2) AND (estado <> 'fechado' OR falhas <> '{}');

-- name: note_divergentes
UPDATE credenciais_canopus SET divergentes = $2 WHERE id = $1;

-- name: note_queda
UPDATE credenciais_canopus
SET quedas = quedas + 1, espera_ate = CASE WHEN $2::float8 > 0 THEN now() + make_interval(secs => $2) END
WHERE id = $1;

-- name: reduce_sessoes
UPDATE credenciais_canopus SET sessoes_reduzidas = $2, reduzida_ate = now() + make_interval(secs => $3) WHERE id = $1;

-- The prediction of failures: its trainings, and the tries of contracts that it learns from and is asked about. All of
-- it, but for an answer, is one office's: of a request, or of the background in `restrict`.

-- name: lock
-- For one office one gateway asks at a time.
SELECT pg_try_advisory_xact_lock(hashtext('treinos'), empresa_atual());

-- name: tentativas
-- The first try of each contract in each execution. $1 what technical codes look like, $2 how far back. fim: when its
-- outcome was known. What the namer met says nothing about the portal.
SELECT l.id, l.ponto_venda_id, p.url_base, l.cpf, l.grupo, l.cota, l.iniciado_em AS inicio,
       greatest(l.iniciado_em, coalesce((l.historico #>> '{0,em}')::timestamptz, l.finalizado_em)) AS fim,
       coalesce(l.historico #>> '{0,codigo}' ~ $1 AND l.historico #>> '{0,etapa}' NOT IN ('na_fila', 'nomeando', 'arquivado'),
                false) AS falhou
FROM log_downloads_boletos l
JOIN execucoes_automacao e ON e.id = l.execucao_id
JOIN pontos_venda p ON p.id = l.ponto_venda_id
WHERE l.iniciado_em IS NOT NULL AND e.tipo <> 'teste'
  AND (l.status IN ('sucesso', 'cpf_nao_encontrado', 'sem_boleto') AND l.finalizado_em > now() - $2::interval
       OR l.status = 'erro' AND l.historico <> '[]' AND l.finalizado_em > now() - $2
       OR l.status IN ('pendente', 'processando') AND l.historico <> '[]' AND l.iniciado_em > now() - $2)

-- name: list_historia
-- The newest first, at most $3, each as the JSON of a TentativaPassada. An erased person's are nobody's.
SELECT json_build_object(
    'ponto_venda', ponto_venda_id, 'portal', dense_rank() OVER (ORDER BY url_base),
    'contrato', CASE WHEN cpf = '00000000000' THEN -id
                     ELSE dense_rank() OVER (ORDER BY ponto_venda_id, cpf, grupo, cota) END,
    'grupo', grupo, 'inicio', inicio, 'fim', fim, 'falhou', falhou)::text AS linha
FROM ({tentativas}) t
ORDER BY inicio DESC, id DESC
LIMIT $3;

-- name: has_novas
SELECT EXISTS (SELECT FROM log_downloads_boletos WHERE finalizado_em > $1 AND iniciado_em IS NOT NULL);

-- name: count_todas
SELECT count(*) FILTER (WHERE falhou)::int AS falhas, count(*)::int AS total FROM ({tentativas}) t;

-- name: count_portais
SELECT url_base, count(*) FILTER (WHERE falhou)::int AS falhas, count(*)::int AS total
FROM ({tentativas}) t WHERE fim > now() - $2 GROUP BY url_base;

-- name: count_grupos
-- Of the portal of ponto de venda $3.
SELECT grupo, count(*) FILTER (WHERE falhou)::int AS falhas, count(*)::int AS total
FROM ({tentativas}) t
WHERE grupo IS NOT NULL AND url_base = (SELECT url_base FROM pontos_venda WHERE id = $3)
GROUP BY grupo;

-- name: list_ultimas
-- Of each contract of ponto de venda $3 its last $4 outcomes, the oldest first.
SELECT cpf, grupo, cota, array_agg(falhou ORDER BY fim, id) AS ultimas
FROM (SELECT t.*, row_number() OVER (PARTITION BY cpf, grupo, cota ORDER BY fim DESC, id DESC) AS vez
      FROM ({tentativas}) t WHERE ponto_venda_id = $3) v
WHERE vez <= $4 AND cpf <> '00000000000'
GROUP BY cpf, grupo, cota;

-- name: insert_treino
INSERT INTO treinos (linhas, pedido_em) VALUES ($1, $2) RETURNING id;

-- name: delete_velhos
-- The last $1 stay.
DELETE FROM treinos WHERE id <= (SELECT id FROM treinos ORDER BY id DESC OFFSET $1 LIMIT 1);

-- name: answer_treino
UPDATE treinos SET respondido_em = now(), juizo = $2, modelo = $3, erro = $4 WHERE id = $1 AND respondido_em IS NULL;

-- name: find_ultimo
SELECT * FROM treinos ORDER BY id DESC LIMIT 1;

-- name: find_julgado
SELECT * FROM treinos WHERE juizo IS NOT NULL ORDER BY id DESC LIMIT 1;

-- name: list_pontos
SELECT id, codigo, nome, url_base FROM pontos_venda
WHERE ativo AND ($1::int[] IS NULL OR id = ANY ($1)) ORDER BY id;

-- name: list_contratos
SELECT id AS cliente_id, cpf, nome_completo AS nome, grupo_consorcio AS grupo, cota_consorcio AS cota
FROM clientes_finais WHERE ponto_venda_id = $1 AND ativo ORDER BY id;

-- name: find_ordenado
SELECT id, url_base FROM pontos_venda WHERE id = $1 AND ordem_risco;

-- Plain counts over the contracts of all executions that have ended. Everywhere: $1 the pontos de venda that the caller
-- sees, $2 a consultor or null. A day begins at midnight in São Paulo, and spans are counted there: the session's time
-- zone says nothing.

-- name: visiveis
($1::int[] IS NULL OR i.ponto_venda_id = ANY ($1)) AND ($2::int IS NULL OR i.consultor_id = $2)

-- name: ultimos_30
-- Days, today included.
i.finalizado_em >= (date_trunc('day', now() AT TIME ZONE 'America/Sao_Paulo') - interval '29 days')
                   AT TIME ZONE 'America/Sao_Paulo'
  AND {visiveis}

-- name: count_por_dia
-- tentados: a row that ended before anything was tried at the portal is a failure, and of no attempt.
SELECT (i.finalizado_em AT TIME ZONE 'America/Sao_Paulo')::date AS dia, i.consultor_id, c.nome AS consultor, i.status,
       count(*) AS quantidade, count(*) FILTER (WHERE i.status <> 'erro' OR i.tentativas > 0) AS tentados
FROM log_downloads_boletos i
LEFT JOIN consultores c ON c.id = i.consultor_id
WHERE {ultimos_30}
GROUP BY dia, i.consultor_id, c.nome, i.status;

-- name: count_por_mes
-- The last 12 months, this one included.
SELECT date_trunc('month', i.finalizado_em AT TIME ZONE 'America/Sao_Paulo')::date AS mes, i.consultor_id,
       c.nome AS consultor, i.status, count(*) AS quantidade,
       count(*) FILTER (WHERE i.status <> 'erro' OR i.tentativas > 0) AS tentados
FROM log_downloads_boletos i
LEFT JOIN consultores c ON c.id = i.consultor_id
WHERE i.finalizado_em >= (date_trunc('month', now() AT TIME ZONE 'America/Sao_Paulo') - interval '11 months')
                         AT TIME ZONE 'America/Sao_Paulo'
  AND {visiveis}
GROUP BY 1, i.consultor_id, c.nome, i.status;

-- name: measure_etapas
SELECT passo.key AS etapa, count(*) AS medidas,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY passo.value::float8) AS p50_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY passo.value::float8) AS p95_s
FROM log_downloads_boletos i
CROSS JOIN LATERAL jsonb_each_text(i.duracoes_s) AS passo
WHERE {ultimos_30}
GROUP BY passo.key
ORDER BY passo.key;

-- name: count_por_causa
SELECT i.codigo, count(*) AS quantidade
FROM log_downloads_boletos i
WHERE i.codigo IS NOT NULL AND i.status IN ('erro', 'cpf_nao_encontrado', 'sem_boleto')
  AND {ultimos_30}
GROUP BY i.codigo
ORDER BY quantidade DESC, i.codigo;

-- name: count_recuos
-- Contracts that the browser had to do again, by what the requests had met.
SELECT i.dados_boleto ->> 'recuo' AS codigo, count(*) AS quantidade
FROM log_downloads_boletos i
WHERE i.dados_boleto ->> 'recuo' IS NOT NULL
  AND {ultimos_30}
GROUP BY 1
ORDER BY quantidade DESC, codigo;

-- name: measure_horas
-- The attempts that brought a PDF, by the hour of day in which it came, and their seconds from search to download. Rows
-- from before that was kept: by their end.
SELECT extract(hour FROM coalesce(i.capturado_em, i.finalizado_em) AT TIME ZONE 'America/Sao_Paulo')::int AS hora,
       count(*) AS quantidade,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY portal.segundos) AS p50_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY portal.segundos) AS p95_s
FROM log_downloads_boletos i
CROSS JOIN LATERAL (SELECT coalesce((i.duracoes_s ->> 'buscando')::float8, 0)
                         + coalesce((i.duracoes_s ->> 'emitindo')::float8, 0)
                         + coalesce((i.duracoes_s ->> 'baixando')::float8, 0) AS segundos) AS portal
WHERE {ultimos_30}
  AND i.duracoes_s ?| ARRAY['buscando', 'emitindo', 'baixando']
GROUP BY hora;

-- name: count_falhas_por_hora
-- The other attempts that reached the portal, by the hour of day in which each ended, and why.
SELECT extract(hour FROM (tentativa.corpo ->> 'em')::timestamptz AT TIME ZONE 'America/Sao_Paulo')::int AS hora,
       tentativa.corpo ->> 'codigo' AS codigo, count(*) AS quantidade
FROM log_downloads_boletos i
CROSS JOIN LATERAL jsonb_array_elements(i.historico) AS tentativa (corpo)
WHERE {ultimos_30}
  AND tentativa.corpo ->> 'etapa' NOT IN ('na_fila', 'nomeando', 'arquivado')
GROUP BY 1, 2;

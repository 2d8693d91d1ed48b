-- Plain counts over the rows of all executions; `alcance` ($1): the pontos de venda that the caller sees.

-- name: count_resultados
-- One row per window and status; a day begins at midnight in São Paulo.
SELECT janela.nome AS janela, i.status, count(*) AS quantidade
FROM (VALUES ('hoje', date_trunc('day', now(), 'America/Sao_Paulo')),
             ('dias_7', date_trunc('day', now(), 'America/Sao_Paulo') - interval '6 days'),
             ('dias_30', date_trunc('day', now(), 'America/Sao_Paulo') - interval '29 days')) AS janela (nome, desde)
JOIN log_downloads_boletos i ON i.finalizado_em >= janela.desde
WHERE $1::int[] IS NULL OR i.ponto_venda_id = ANY ($1)
GROUP BY janela.nome, i.status;

-- name: measure_etapas
SELECT passo.key AS etapa, count(*) AS medidas,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY passo.value::float8) AS p50_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY passo.value::float8) AS p95_s
FROM log_downloads_boletos i
CROSS JOIN LATERAL jsonb_each_text(i.duracoes_s) AS passo
WHERE i.finalizado_em >= date_trunc('day', now(), 'America/Sao_Paulo') - interval '29 days'
  AND ($1::int[] IS NULL OR i.ponto_venda_id = ANY ($1))
GROUP BY passo.key
ORDER BY passo.key;

-- name: count_por_consultor
SELECT c.id, c.nome, i.status, count(*) AS quantidade
FROM log_downloads_boletos i
LEFT JOIN consultores c ON c.id = i.consultor_id
WHERE i.finalizado_em >= date_trunc('day', now(), 'America/Sao_Paulo') - interval '29 days'
  AND ($1::int[] IS NULL OR i.ponto_venda_id = ANY ($1))
GROUP BY c.id, c.nome, i.status
ORDER BY c.nome NULLS LAST;

-- name: count_por_causa
SELECT i.codigo, count(*) AS quantidade
FROM log_downloads_boletos i
WHERE i.codigo IS NOT NULL AND i.status IN ('erro', 'cpf_nao_encontrado', 'sem_boleto')
  AND i.finalizado_em >= date_trunc('day', now(), 'America/Sao_Paulo') - interval '29 days'
  AND ($1::int[] IS NULL OR i.ponto_venda_id = ANY ($1))
GROUP BY i.codigo
ORDER BY quantidade DESC, i.codigo;

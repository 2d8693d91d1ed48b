-- Executions and their contracts, read.

-- name: find_execucao
SELECT e.*, p.codigo AS ponto_venda, c.nome AS consultor, o.automacao_id AS origem
FROM execucoes_automacao e
JOIN pontos_venda p ON p.id = e.ponto_venda_id
LEFT JOIN consultores c ON c.id = e.consultor_id
LEFT JOIN execucoes_automacao o ON o.id = e.origem_id
WHERE e.automacao_id = $1 AND ($2::int[] IS NULL OR e.ponto_venda_id = ANY ($2));

-- name: list_execucoes
SELECT e.*, p.codigo AS ponto_venda, c.nome AS consultor, o.automacao_id AS origem
FROM execucoes_automacao e
JOIN pontos_venda p ON p.id = e.ponto_venda_id
LEFT JOIN consultores c ON c.id = e.consultor_id
LEFT JOIN execucoes_automacao o ON o.id = e.origem_id
WHERE ($1::int[] IS NULL OR e.ponto_venda_id = ANY ($1))
  AND ($2::text IS NULL OR e.status = $2)
  AND ($3::text IS NULL OR e.tipo = $3)
  AND ($4::bigint IS NULL OR e.id < $4)
ORDER BY e.id DESC
LIMIT $5;

-- name: list_clientes
SELECT l.*, c.nome AS consultor
FROM log_downloads_boletos l
LEFT JOIN consultores c ON c.id = l.consultor_id
WHERE l.execucao_id = $1
  AND ($2::text IS NULL OR l.status = $2)
  AND ($3::text IS NULL OR l.codigo = $3 OR starts_with(l.codigo, $3 || '.'))
  AND l.id > $4
ORDER BY l.id
LIMIT $5;

-- name: find_cliente
SELECT l.*, c.nome AS consultor
FROM log_downloads_boletos l
LEFT JOIN consultores c ON c.id = l.consultor_id
WHERE l.execucao_id = $1 AND l.id = $2;

-- name: list_eventos
SELECT seq, corpo FROM eventos WHERE execucao_id = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- name: find_epoca
SELECT epoca FROM epoca;

-- Filed boletos.

-- name: list_boletos
SELECT b.*, p.codigo AS ponto_venda, c.nome AS consultor
FROM boletos b
JOIN pontos_venda p ON p.id = b.ponto_venda_id
LEFT JOIN consultores c ON c.id = b.consultor_id
WHERE ($1::int[] IS NULL OR b.ponto_venda_id = ANY ($1))
  AND ($2::int IS NULL OR b.consultor_id = $2)
  AND ($3::int IS NULL OR b.mes_referencia = $3)
  AND ($4::int IS NULL OR b.ano_referencia = $4)
  AND ($5::text IS NULL OR b.cpf = $5)
  AND ($6::timestamptz IS NULL OR b.baixado_em >= $6)
  AND ($7::bigint IS NULL OR b.id < $7)
ORDER BY b.id DESC
LIMIT $8;

-- name: find_boleto
SELECT b.*, p.codigo AS ponto_venda, c.nome AS consultor
FROM boletos b
JOIN pontos_venda p ON p.id = b.ponto_venda_id
LEFT JOIN consultores c ON c.id = b.consultor_id
WHERE b.id = $1 AND ($2::int[] IS NULL OR b.ponto_venda_id = ANY ($2));

-- name: list_arquivos_execucao
SELECT DISTINCT ON (b.arquivo_caminho) b.arquivo_caminho, b.arquivo_sha256, b.arquivo_tamanho, b.baixado_em
FROM log_downloads_boletos i
JOIN boletos b ON b.id = i.boleto_id
WHERE i.automacao_id = $1 AND i.status IN ('sucesso', 'ja_baixado')
ORDER BY b.arquivo_caminho;

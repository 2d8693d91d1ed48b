-- Filed boletos.

-- name: filtro
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
  -- $7 is folded.
  AND ($7::text IS NULL OR strpos(b.nome_limpo, $7) > 0)

-- name: list_boletos
{filtro}
  AND ($8::bigint IS NULL OR b.id < $8)
ORDER BY b.id DESC
LIMIT $9;

-- name: list_boletos_por_consultor
-- The cursor is the id of the last boleto seen; its place in this order is looked up.
{filtro}
  AND ($8::bigint IS NULL OR
       (-b.ano_referencia, -b.mes_referencia, c.id IS NULL, coalesce(c.nome_limpo, ''), coalesce(b.nome_cliente, ''), b.id)
       > (SELECT -v.ano_referencia, -v.mes_referencia, d.id IS NULL, coalesce(d.nome_limpo, ''),
                 coalesce(v.nome_cliente, ''), v.id
          FROM boletos v LEFT JOIN consultores d ON d.id = v.consultor_id WHERE v.id = $8))
ORDER BY -b.ano_referencia, -b.mes_referencia, c.id IS NULL, coalesce(c.nome_limpo, ''), coalesce(b.nome_cliente, ''), b.id
LIMIT $9;

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

-- name: list_dados
-- What an execution's report says of each boleto.
SELECT id, data_vencimento, valor_original, linha_digitavel, codigo_barras, banco, nosso_numero, pagador, origens
FROM boletos WHERE id = ANY ($1::bigint[]);

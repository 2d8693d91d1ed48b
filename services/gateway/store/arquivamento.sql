-- Filed boletos, as results make them.

-- name: list_ocupados
-- Rows whose path another boleto than theirs says it lies at.
SELECT n.item_id
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::text[])
     AS n (item_id, ponto_venda_id, cpf, grupo, cota, ano, mes, caminho)
JOIN boletos b ON b.arquivo_caminho = n.caminho
WHERE (b.ponto_venda_id, b.cpf, b.grupo, b.cota, b.ano_referencia, b.mes_referencia)
      <> (n.ponto_venda_id, n.cpf, n.grupo, n.cota, n.ano, n.mes);

-- name: upsert_boletos
INSERT INTO boletos (ponto_venda_id, cpf, grupo, cota, ano_referencia, mes_referencia, cliente_final_id, consultor_id,
    nome_cliente, numero_parcela, contrato, data_vencimento, valor_original, linha_digitavel, codigo_barras,
    nosso_numero, banco, pagador, origens, arquivo_caminho, arquivo_sha256, arquivo_tamanho, automacao_id)
-- What the portal prints is cut to its column: a number of another length must not keep a boleto from being filed.
SELECT n.ponto_venda_id, n.cpf, n.grupo, n.cota, n.ano, n.mes, n.cliente_final_id, n.consultor_id, left(n.nome, 255),
       left(n.numero_parcela, 10), left(n.contrato, 50), n.vencimento, n.valor, left(n.linha_digitavel, 60),
       left(n.codigo_barras, 44), left(n.nosso_numero, 30), left(n.banco, 3), left(n.pagador, 255), n.origens::jsonb,
       n.caminho, n.sha256, n.tamanho, n.automacao_id
FROM unnest($1::int[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::int[], $9::text[],
            $10::text[], $11::text[], $12::date[], $13::numeric[], $14::text[], $15::text[], $16::text[], $17::text[],
            $18::text[], $19::text[], $20::text[], $21::text[], $22::int[], $23::uuid[])
     AS n (ponto_venda_id, cpf, grupo, cota, ano, mes, cliente_final_id, consultor_id, nome, numero_parcela, contrato,
           vencimento, valor, linha_digitavel, codigo_barras, nosso_numero, banco, pagador, origens, caminho, sha256,
           tamanho, automacao_id)
ON CONFLICT (ponto_venda_id, cpf, grupo, cota, ano_referencia, mes_referencia) DO UPDATE
SET cliente_final_id = coalesce(excluded.cliente_final_id, boletos.cliente_final_id),
    consultor_id = coalesce(excluded.consultor_id, boletos.consultor_id), nome_cliente = excluded.nome_cliente,
    numero_parcela = excluded.numero_parcela, contrato = excluded.contrato,
    data_vencimento = excluded.data_vencimento, valor_original = excluded.valor_original,
    linha_digitavel = excluded.linha_digitavel, codigo_barras = excluded.codigo_barras,
    nosso_numero = excluded.nosso_numero, banco = excluded.banco, pagador = excluded.pagador,
    origens = excluded.origens, arquivo_caminho = excluded.arquivo_caminho,
    arquivo_sha256 = excluded.arquivo_sha256, arquivo_tamanho = excluded.arquivo_tamanho,
    automacao_id = excluded.automacao_id, baixado_em = now(),
    -- A slip issued again is a new one to pay, unless that month was paid.
    status = CASE WHEN boletos.status = 'pago' THEN 'pago' ELSE 'pendente' END
RETURNING id, ponto_venda_id, cpf, grupo, cota, ano_referencia, mes_referencia;

-- name: find_boleto
SELECT id FROM boletos
WHERE ponto_venda_id = $1 AND cpf = $2 AND grupo = $3 AND cota = $4 AND ano_referencia = $5 AND mes_referencia = $6;

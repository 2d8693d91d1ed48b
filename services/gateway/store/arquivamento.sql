-- Filed boletos, as results make them.

-- name: find_outro_dono
-- Another boleto than this one that says it lies at this path.
SELECT id FROM boletos
WHERE arquivo_caminho = $7
  AND (ponto_venda_id, cpf, grupo, cota, ano_referencia, mes_referencia) <> ($1, $2, $3, $4, $5, $6);

-- name: upsert_boleto
INSERT INTO boletos (ponto_venda_id, cpf, grupo, cota, ano_referencia, mes_referencia, cliente_final_id, consultor_id,
    nome_cliente, numero_parcela, contrato, data_vencimento, valor_original, linha_digitavel, codigo_barras,
    nosso_numero, arquivo_caminho, arquivo_sha256, arquivo_tamanho, automacao_id)
-- What the portal prints is cut to its column: a number of another length must not keep a boleto from being filed.
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, left($9, 255), left($10, 10), left($11, 50), $12, $13, left($14, 60),
        left($15, 44), left($16, 30), $17, $18, $19, $20)
ON CONFLICT (ponto_venda_id, cpf, grupo, cota, ano_referencia, mes_referencia) DO UPDATE
SET cliente_final_id = coalesce(excluded.cliente_final_id, boletos.cliente_final_id),
    consultor_id = coalesce(excluded.consultor_id, boletos.consultor_id), nome_cliente = excluded.nome_cliente,
    numero_parcela = excluded.numero_parcela, contrato = excluded.contrato,
    data_vencimento = excluded.data_vencimento, valor_original = excluded.valor_original,
    linha_digitavel = excluded.linha_digitavel, codigo_barras = excluded.codigo_barras,
    nosso_numero = excluded.nosso_numero, arquivo_caminho = excluded.arquivo_caminho,
    arquivo_sha256 = excluded.arquivo_sha256, arquivo_tamanho = excluded.arquivo_tamanho,
    automacao_id = excluded.automacao_id, baixado_em = now()
RETURNING id;

-- name: find_boleto
SELECT id FROM boletos
WHERE ponto_venda_id = $1 AND cpf = $2 AND grupo = $3 AND cota = $4 AND ano_referencia = $5 AND mes_referencia = $6;

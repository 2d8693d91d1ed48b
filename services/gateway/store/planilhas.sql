-- Workbooks, and the contracts they bring.

-- name: lock_importacao
-- One import at a time: two workbooks may bring the same contract, and counting must agree with writing.
SELECT pg_advisory_xact_lock(hashtext('canopus.planilhas'));

-- name: list_pontos
SELECT id, codigo_limpo, ativo FROM pontos_venda;

-- name: list_contratos
SELECT id, cpf, grupo_consorcio, cota_consorcio, ponto_venda_id, NOT ativo AND 'ativo' = ANY (editados) AS desativado
FROM clientes_finais
WHERE cpf = ANY ($1::varchar[]);

-- name: insert_planilha
INSERT INTO planilhas (consultor_id, ponto_venda_id, nome_arquivo, caminho, sha256, tamanho, total, importados,
                       atualizados, inativos, ignorados, erros, importada_por)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13)
RETURNING id;

-- name: insert_contrato
INSERT INTO clientes_finais (nome_completo, cpf, grupo_consorcio, cota_consorcio, ponto_venda_id, consultor_id,
                             planilha_id, linha_planilha, email, whatsapp, situacao, contemplado, valor_credito,
                             valor_parcela, ativo, status_contrato)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
        CASE WHEN $15 THEN 'ativo' ELSE 'cancelado' END);

-- name: update_contrato
-- `editados` names what a person entered by hand: a workbook never changes that. A blank cell takes no contact or amount
-- away; situação and contemplado follow `ativo`, which the newest workbook decides, blank or not: but for one that a
-- person switched off. Who had switched it on is overruled, and has not switched it off.
UPDATE clientes_finais
SET nome_completo   = CASE WHEN 'nome' = ANY (editados) THEN nome_completo ELSE $2 END,
    grupo_consorcio = coalesce(grupo_consorcio, $3),
    cota_consorcio  = coalesce(cota_consorcio, $4),
    ponto_venda_id  = CASE WHEN 'ponto_venda' = ANY (editados) THEN ponto_venda_id ELSE $5 END,
    consultor_id    = $6,
    planilha_id     = $7,
    linha_planilha  = $8,
    email           = CASE WHEN 'email' = ANY (editados) THEN email ELSE coalesce($9, email) END,
    whatsapp        = CASE WHEN 'whatsapp' = ANY (editados) THEN whatsapp ELSE coalesce($10, whatsapp) END,
    situacao        = $11,
    contemplado     = $12,
    valor_credito   = coalesce($13, valor_credito),
    valor_parcela   = coalesce($14, valor_parcela),
    ativo           = $15,
    editados        = CASE WHEN ativo AND NOT $15 THEN array_remove(editados, 'ativo') ELSE editados END,
    status_contrato = CASE WHEN NOT $16::boolean THEN 'cancelado'
                           WHEN status_contrato = 'cancelado' THEN 'ativo'
                           ELSE status_contrato END,
    updated_at      = now()
WHERE id = $1;

-- name: list_planilhas
SELECT l.*, c.nome AS consultor, p.codigo AS ponto_venda
FROM planilhas l
JOIN consultores c ON c.id = l.consultor_id
LEFT JOIN pontos_venda p ON p.id = l.ponto_venda_id
WHERE ($1::int[] IS NULL OR l.ponto_venda_id = ANY ($1))
  AND ($2::int IS NULL OR l.consultor_id = $2)
  AND ($3::bigint IS NULL OR l.id < $3)
ORDER BY l.id DESC
LIMIT $4;

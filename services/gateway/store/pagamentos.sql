-- Whether boletos were paid.

-- name: lock_boleto
SELECT b.id, b.status, b.data_pagamento, b.valor_pago FROM boletos b
WHERE b.id = $1 AND ($2::int[] IS NULL OR b.ponto_venda_id = ANY ($2))
FOR UPDATE;

-- name: set_pagamento
UPDATE boletos SET status = $2, data_pagamento = $3, valor_pago = $4 WHERE id = $1;

-- name: list_candidatos
-- Boletos that payments may be of: $2 bank, and of each its line, the digits of the bank's number and of the document's,
-- due date, amount and the payer's document (empty: any). One whose bank is known is of that bank. Where no slip prints
-- the bank's number, those with due date and amount that hold one of the two; the bank's only among the payer's own.
-- Held until the transaction ends.
WITH vistos AS NOT MATERIALIZED (
    SELECT b.* FROM boletos b
    WHERE ($1::int[] IS NULL OR b.ponto_venda_id = ANY ($1))
      AND coalesce(left(b.codigo_barras, 3), left(b.linha_digitavel, 3), $2) = $2
), n AS (
    SELECT * FROM unnest($3::int[], $4::text[], $5::text[], $6::date[], $7::numeric[], $8::text[])
        AS n (linha, nosso, numero, vencimento, valor, documento)
), avulsos AS MATERIALIZED (
    SELECT * FROM n WHERE NOT EXISTS (SELECT FROM vistos b WHERE digitos(b.nosso_numero) = n.nosso)
), achados AS (
    SELECT n.linha, b.id FROM n JOIN vistos b ON digitos(b.nosso_numero) = n.nosso AND n.nosso <> ''
    WHERE n.documento IN ('', b.cpf)
    UNION
    SELECT n.linha, b.id FROM avulsos n
    JOIN vistos b ON b.data_vencimento = n.vencimento AND b.valor_original = n.valor
    WHERE n.documento IN ('', b.cpf)
      AND (n.nosso <> '' AND n.documento <> '' AND strpos(substr(b.codigo_barras, 20, 25), n.nosso) > 0
           OR n.numero <> '' AND digitos(b.contrato) = n.numero)
)
SELECT a.linha, b.id, coalesce(digitos(b.nosso_numero), '') AS nosso_numero, coalesce(digitos(b.contrato), '') AS contrato,
       coalesce(substr(b.codigo_barras, 20, 25), '') AS campo_livre, b.data_vencimento AS vencimento,
       b.valor_original AS valor, b.status, b.data_pagamento, b.valor_pago
FROM achados a
JOIN boletos b ON b.id = a.id
ORDER BY b.id
FOR UPDATE OF b;

-- name: set_pagamentos
UPDATE boletos b SET status = 'pago', data_pagamento = n.data, valor_pago = n.valor
FROM unnest($1::bigint[], $2::date[], $3::numeric[]) AS n (id, data, valor)
WHERE b.id = n.id;

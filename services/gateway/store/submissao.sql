-- A new execution and its rows.

-- name: find_condicao
SELECT p.ativo, EXISTS (SELECT FROM credenciais_canopus WHERE ponto_venda_id = p.id AND ativo) AS tem_credencial
FROM pontos_venda p
WHERE p.id = $1;

-- name: list_contratos
-- A CPF asked for by name is processed even where its only contracts are inactive: the portal says why there is none.
SELECT c.id AS cliente_final_id, c.consultor_id, c.cpf, c.nome_completo AS nome, c.grupo_consorcio AS grupo,
       c.cota_consorcio AS cota
FROM clientes_finais c
WHERE c.ponto_venda_id = $1
  AND ($2::int IS NULL OR c.consultor_id = $2)
  AND CASE WHEN $3::text[] IS NULL THEN c.ativo
           ELSE c.cpf = ANY ($3) AND (c.ativo OR NOT EXISTS (
               SELECT FROM clientes_finais a WHERE a.cpf = c.cpf AND a.ponto_venda_id = c.ponto_venda_id AND a.ativo))
      END
ORDER BY c.id
LIMIT $4;

-- name: list_cpfs_cadastrados
SELECT DISTINCT cpf FROM clientes_finais WHERE ponto_venda_id = $1 AND cpf = ANY ($2::text[]);

-- name: list_contratos_execucao
-- The contracts of former rows, as the register now has them: a CPF may have been put right since. Not those whose
-- person was erased; nor, where nobody asks ($5), those cancelled in the meantime.
SELECT l.cliente_final_id, coalesce(c.consultor_id, l.consultor_id) AS consultor_id, coalesce(c.cpf, l.cpf) AS cpf,
       coalesce(c.nome_completo, l.nome_cliente) AS nome,
       CASE WHEN c.id IS NULL THEN l.grupo ELSE c.grupo_consorcio END AS grupo,
       CASE WHEN c.id IS NULL THEN l.cota ELSE c.cota_consorcio END AS cota
FROM log_downloads_boletos l
LEFT JOIN clientes_finais c ON c.id = l.cliente_final_id
WHERE l.execucao_id = $1 AND l.cpf <> '00000000000'
  AND l.status = ANY ($2::text[])
  AND ($3::text[] IS NULL OR EXISTS (
      SELECT FROM unnest($3) AS k WHERE l.codigo = k OR starts_with(l.codigo, k || '.')))
  AND ($4::bigint[] IS NULL OR l.id = ANY ($4))
  AND (NOT $5 OR c.id IS NULL OR c.ativo)
ORDER BY l.id;

-- name: insert_execucao
INSERT INTO execucoes_automacao (tipo, ponto_venda_id, consultor_id, origem_id, parametros, usuario_execucao, rodada, rodadas)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING *;

-- name: boleto_feito
-- Of contract n: $3 ponto de venda, $4 mes, $5 ano (null: not known yet), $6 forcar.
NOT $6 AND b.ponto_venda_id = $3 AND b.cpf = n.cpf AND b.mes_referencia = $4 AND b.ano_referencia = $5
          AND (b.grupo = n.grupo AND b.cota = n.cota
               OR n.grupo IS NULL AND b.cliente_final_id IS NOT DISTINCT FROM n.cliente_final_id)

-- name: insert_itens
-- $7 the contracts, in their order; $8 codigo and $9 mensagem of a contract whose boleto was paid.
WITH novos AS (
    INSERT INTO log_downloads_boletos (execucao_id, automacao_id, ponto_venda_id, cliente_final_id, consultor_id, cpf,
        nome_cliente, grupo, cota, mes_referencia, ano_referencia, forcar, status, boleto_id, arquivo_nome,
        arquivo_caminho, arquivo_tamanho, finalizado_em, codigo, mensagem_erro, empresa_id)
    SELECT $1, $2, $3, n.cliente_final_id, n.consultor_id, n.cpf, n.nome, n.grupo, n.cota, $4::int, $5::int, $6,
           CASE WHEN n.codigo IS NOT NULL THEN 'erro' WHEN b.id IS NOT NULL THEN 'ja_baixado' ELSE 'pendente' END,
           b.id, regexp_replace(b.arquivo_caminho, '^.*/', ''), b.arquivo_caminho, b.arquivo_tamanho,
           CASE WHEN b.id IS NOT NULL OR n.codigo IS NOT NULL THEN now() END,
           coalesce(n.codigo, CASE WHEN b.status = 'pago' THEN $8 END),
           coalesce(n.mensagem, CASE WHEN b.status = 'pago' THEN $9 END), $10::int
    FROM ROWS FROM (json_to_recordset($7::text::json) AS (cliente_final_id bigint, consultor_id int, cpf text, nome text,
                                                          grupo int, cota int, codigo text, mensagem text))
         WITH ORDINALITY AS n (cliente_final_id, consultor_id, cpf, nome, grupo, cota, codigo, mensagem, ordem)
    LEFT JOIN LATERAL (
        SELECT b.* FROM boletos b
        WHERE {boleto_feito}
        ORDER BY b.id DESC LIMIT 1
    ) b ON true
    ORDER BY n.ordem
    -- What is shown of them: the other columns cost as much again to send and to read.
    RETURNING id, automacao_id, cliente_final_id, consultor_id, cpf, nome_cliente, grupo, cota, status, etapa, codigo,
        mensagem_erro, tentativas, proxima_tentativa, mes_referencia, ano_referencia, boleto_id, arquivo_caminho,
        evidencia, iniciado_em, finalizado_em
)
SELECT n.*, c.nome AS consultor FROM novos n LEFT JOIN consultores c ON c.id = n.consultor_id ORDER BY n.id;

-- name: lock_origem
-- What a round and a person make of it at once, one of them sees first.
SELECT * FROM execucoes_automacao WHERE automacao_id = $1 FOR UPDATE;

-- name: is_viva
SELECT EXISTS (SELECT FROM execucoes_automacao WHERE automacao_id = $1 AND finalizado_em IS NULL);

-- name: preview
-- Contracts: $1 cliente_final_id, $2 cpf, $7 grupo, $8 cota; the rest as in boleto_feito.
SELECT count(*) FILTER (WHERE feito) AS ja_baixados,
       count(*) FILTER (WHERE NOT feito AND ultimo = 'erro') AS com_erro
FROM unnest($1::bigint[], $2::text[], $7::int[], $8::int[]) AS n (cliente_final_id, cpf, grupo, cota)
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM boletos b WHERE {boleto_feito}) AS feito) f
LEFT JOIN LATERAL (
    SELECT l.status AS ultimo FROM log_downloads_boletos l
    WHERE l.ponto_venda_id = $3 AND l.cpf = n.cpf AND l.grupo IS NOT DISTINCT FROM n.grupo
      AND l.cota IS NOT DISTINCT FROM n.cota AND l.finalizado_em IS NOT NULL
      AND ($4::int IS NULL OR l.mes_referencia = $4 AND l.ano_referencia = $5::int)
    ORDER BY l.id DESC LIMIT 1) u ON true;

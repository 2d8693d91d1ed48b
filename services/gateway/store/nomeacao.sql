-- Captures on their way to the namer.

-- name: list_nomear
SELECT l.id, l.automacao_id, l.despacho, l.tentativas, l.captura, l.dados_boleto, l.cpf, p.codigo AS ponto_venda,
       c.pasta_boletos AS pasta, w.caminho, w.sha256, w.tamanho, b.arquivo_caminho AS arquivo_anterior,
       CASE WHEN l.empresa_id <> 1 THEN (SELECT codigo FROM empresas WHERE id = l.empresa_id) END AS escritorio
FROM log_downloads_boletos l
JOIN pontos_venda p ON p.id = l.ponto_venda_id
LEFT JOIN consultores c ON c.id = l.consultor_id
LEFT JOIN LATERAL (SELECT * FROM planilhas WHERE consultor_id = l.consultor_id ORDER BY id DESC LIMIT 1) w ON true
LEFT JOIN boletos b ON b.ponto_venda_id = l.ponto_venda_id AND b.cpf = l.cpf
     AND b.grupo = (l.dados_boleto ->> 'grupo')::int AND b.cota = (l.dados_boleto ->> 'cota')::int
     AND b.ano_referencia = (l.dados_boleto ->> 'ano')::int AND b.mes_referencia = (l.dados_boleto ->> 'mes')::int
WHERE l.id = ANY ($1::bigint[])
ORDER BY l.id;

-- name: list_sem_nome
-- Not where the boleto was filed since: an older document must not take its place.
SELECT l.execucao_id, array_agg(l.id ORDER BY l.id) AS ids
FROM log_downloads_boletos l
WHERE l.codigo = 'nome.nao_encontrado' AND l.status = 'erro' AND l.captura IS NOT NULL AND l.cpf = ANY ($1::text[])
  AND EXISTS (SELECT FROM clientes_finais c WHERE c.cpf = l.cpf AND c.empresa_id = l.empresa_id AND c.consultor_id IS NOT NULL)
  AND NOT EXISTS (
      SELECT FROM boletos b
      WHERE b.ponto_venda_id = l.ponto_venda_id AND b.cpf = l.cpf
        AND b.grupo = (l.dados_boleto ->> 'grupo')::int AND b.cota = (l.dados_boleto ->> 'cota')::int
        AND b.ano_referencia = (l.dados_boleto ->> 'ano')::int AND b.mes_referencia = (l.dados_boleto ->> 'mes')::int)
GROUP BY l.execucao_id
ORDER BY l.execucao_id;

-- name: adopt_items
-- Whose workbook has the CPF: the same cota before others, the same ponto de venda before others.
UPDATE log_downloads_boletos l
SET consultor_id = coalesce(n.consultor_id, l.consultor_id), cliente_final_id = coalesce(l.cliente_final_id, n.cliente_id)
FROM (
    SELECT DISTINCT ON (i.id) i.id, c.consultor_id, c.id AS cliente_id
    FROM log_downloads_boletos i
    JOIN clientes_finais c ON c.cpf = i.cpf AND c.empresa_id = i.empresa_id AND c.consultor_id IS NOT NULL
    WHERE i.id = ANY ($1::bigint[])
    ORDER BY i.id,
             (c.grupo_consorcio, c.cota_consorcio)
                 IS NOT DISTINCT FROM ((i.dados_boleto ->> 'grupo')::int, (i.dados_boleto ->> 'cota')::int) DESC,
             c.ponto_venda_id = i.ponto_venda_id DESC, c.id DESC
) n
WHERE l.id = n.id;

-- name: has_new_planilha
-- A workbook with this CPF came while the namer looked into an older one; its import may have begun a moment before.
SELECT EXISTS (
    SELECT FROM clientes_finais c JOIN planilhas w ON w.id = c.planilha_id
    WHERE c.cpf = $1 AND c.empresa_id = $3 AND c.consultor_id IS NOT NULL AND w.importada_em > $2::timestamptz - interval '5 s');

-- name: lock_itens
SELECT * FROM log_downloads_boletos WHERE id = ANY ($1::bigint[]) AND codigo = 'nome.nao_encontrado' ORDER BY id FOR UPDATE;

-- name: take_atrasados
-- Asked of the namer and not answered, or due again after a fault. $1: seconds until an answer counts as lost.
UPDATE log_downloads_boletos SET enviado_em = now(), proxima_tentativa = NULL
WHERE id IN (
    SELECT id FROM log_downloads_boletos
    WHERE status = 'processando' AND etapa = 'nomeando'
      AND NOT is_ahead(coalesce(proxima_tentativa, enviado_em + make_interval(secs => $1)))
    LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING id;

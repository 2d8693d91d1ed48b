-- Events for other systems.

-- name: list_webhooks
SELECT id FROM webhooks
WHERE ativo AND (eventos IS NULL OR $1 = ANY (eventos)) AND (ponto_venda_id IS NULL OR ponto_venda_id = $2)
  AND empresa_id = (SELECT empresa_id FROM pontos_venda WHERE id = $2)
ORDER BY id
FOR KEY SHARE;

-- name: list_boletos
SELECT b.*, p.codigo AS ponto_venda, c.nome AS consultor
FROM boletos b
JOIN pontos_venda p ON p.id = b.ponto_venda_id
LEFT JOIN consultores c ON c.id = b.consultor_id
WHERE b.id = ANY ($1::bigint[])
ORDER BY b.id;

-- name: find_execucao
SELECT e.*, p.codigo AS ponto_venda, c.nome AS consultor, o.automacao_id AS origem
FROM execucoes_automacao e
JOIN pontos_venda p ON p.id = e.ponto_venda_id
LEFT JOIN consultores c ON c.id = e.consultor_id
LEFT JOIN execucoes_automacao o ON o.id = e.origem_id
WHERE e.id = $1;

-- name: insert_entregas
-- Answers the last one's id.
WITH n AS (
    INSERT INTO webhooks_entregas (webhook_id, tipo, evento_id, corpo, boleto_id)
    SELECT w.id, $2, a.evento_id, a.corpo, a.boleto_id
    FROM unnest($3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY AS a (evento_id, corpo, boleto_id, ordem)
    CROSS JOIN unnest($1::int[]) AS w (id)
    ORDER BY a.ordem, w.id
    RETURNING id
)
SELECT max(id) FROM n;

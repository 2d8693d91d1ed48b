-- API keys and tickets.

-- name: insert_chave
INSERT INTO chaves_api (nome, escopo, ponto_venda_id, sha256) VALUES ($1, $2, $3, $4) RETURNING id;

-- name: list_chaves
SELECT c.id, c.nome, c.escopo, p.codigo AS ponto_venda, c.criada_em, c.usada_em, c.revogada_em
FROM chaves_api c
LEFT JOIN pontos_venda p ON p.id = c.ponto_venda_id
ORDER BY c.id;

-- name: revoke_chave
UPDATE chaves_api SET revogada_em = now() WHERE id = $1 AND revogada_em IS NULL RETURNING id;

-- name: find_chave
SELECT c.id, c.nome, c.escopo, c.ponto_venda_id, p.codigo AS ponto_venda,
       c.usada_em IS NULL OR c.usada_em < now() - interval '1 minute' AS usada_ha_muito
FROM chaves_api c
LEFT JOIN pontos_venda p ON p.id = c.ponto_venda_id
WHERE c.sha256 = $1 AND c.revogada_em IS NULL;

-- name: touch_chave
UPDATE chaves_api SET usada_em = now()
WHERE id = $1 AND (usada_em IS NULL OR usada_em < now() - interval '1 minute');

-- name: list_chaves_vivas
SELECT id FROM chaves_api WHERE id = ANY ($1::int[]) AND revogada_em IS NULL;

-- name: delete_bilhetes_velhos
DELETE FROM bilhetes WHERE expira_em < now();

-- name: insert_bilhete
INSERT INTO bilhetes (sha256, chave_id, ponto_venda_id, origem, expira_em) VALUES ($1, $2, $3, $4, now() + $5::interval);

-- name: take_bilhete
WITH gasto AS (DELETE FROM bilhetes WHERE sha256 = $1 RETURNING *)
SELECT g.chave_id, c.nome, g.ponto_venda_id, p.codigo AS ponto_venda, g.origem
FROM gasto g
JOIN chaves_api c ON c.id = g.chave_id AND c.revogada_em IS NULL
LEFT JOIN pontos_venda p ON p.id = g.ponto_venda_id
WHERE g.expira_em >= now();

-- API keys and tickets.

-- name: insert_chave
INSERT INTO chaves_api (nome, escopo, ponto_venda_id, sha256) VALUES ($1, $2, $3, $4) RETURNING id;

-- name: list_chaves
SELECT c.id, c.nome, c.escopo, p.codigo AS ponto_venda, c.criada_em, c.usada_em, c.revogada_em
FROM chaves_api c
LEFT JOIN pontos_venda p ON p.id = c.ponto_venda_id
WHERE c.pessoa_id IS NULL
ORDER BY c.id;

-- name: revoke_chave
UPDATE chaves_api SET revogada_em = now() WHERE id = $1 AND pessoa_id IS NULL AND revogada_em IS NULL
RETURNING empresa_id;

-- name: find_chave
-- alcance: the pontos de venda that it sees, null for all. Of a session, the person's, as is the role.
SELECT c.id, c.nome, c.empresa_id, coalesce(p.escopo, c.escopo) AS escopo, c.pessoa_id, c.csrf, p.email,
       coalesce(p.trocar_senha, false) AS trocar_senha,
       c.usada_em IS NULL OR c.usada_em < now() - interval '1 minute' AS usada_ha_muito,
       CASE WHEN p.id IS NULL THEN CASE WHEN c.ponto_venda_id IS NOT NULL THEN ARRAY[c.ponto_venda_id] END
            WHEN NOT p.todos_pontos_venda THEN ARRAY(
                SELECT l.ponto_venda_id FROM pessoas_pontos_venda l WHERE l.pessoa_id = p.id ORDER BY 1)
       END AS alcance
FROM chaves_api c
JOIN empresas e ON e.id = c.empresa_id AND e.ativa
LEFT JOIN pessoas p ON p.id = c.pessoa_id
WHERE c.sha256 = $1 AND c.revogada_em IS NULL AND (p.id IS NULL OR p.ativo AND c.expira_em > now());

-- name: touch_chave
UPDATE chaves_api SET usada_em = now()
WHERE id = $1 AND (usada_em IS NULL OR usada_em < now() - interval '1 minute');

-- name: list_chaves_vivas
SELECT c.id
FROM chaves_api c
JOIN empresas e ON e.id = c.empresa_id AND e.ativa
WHERE c.id = ANY ($1::int[]) AND c.revogada_em IS NULL AND coalesce(c.expira_em > now(), true);

-- name: delete_bilhetes_velhos
DELETE FROM bilhetes WHERE expira_em < now();

-- name: insert_bilhete
INSERT INTO bilhetes (sha256, chave_id, ponto_venda_id, origem, expira_em) VALUES ($1, $2, $3, $4, now() + $5::interval);

-- name: take_bilhete
WITH gasto AS (DELETE FROM bilhetes WHERE sha256 = $1 RETURNING *)
SELECT g.chave_id, c.nome, c.empresa_id, g.ponto_venda_id, g.origem
FROM gasto g
JOIN chaves_api c ON c.id = g.chave_id AND c.revogada_em IS NULL AND coalesce(c.expira_em > now(), true)
JOIN empresas e ON e.id = c.empresa_id AND e.ativa
WHERE g.expira_em >= now();

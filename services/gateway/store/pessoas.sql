-- People and their sessions.

-- name: insert_pessoa
INSERT INTO pessoas (email, nome, senha_hash, escopo, todos_pontos_venda, senha_expira_em)
VALUES ($1, $2, $3, $4, $5, now() + $6::interval)
RETURNING id;

-- name: insert_primeira
-- Only where nobody administers everything; gateways that start at once make one between them.
INSERT INTO pessoas (email, nome, senha_hash, escopo, todos_pontos_venda, senha_expira_em)
SELECT $1, 'Administrador', $2, 'admin', true, now() + $3::interval
WHERE NOT EXISTS (SELECT FROM pessoas WHERE escopo = 'admin' AND todos_pontos_venda AND ativo AND empresa_id = empresa_atual())
ON CONFLICT DO NOTHING
RETURNING id;

-- name: list_pessoas
SELECT p.*, coalesce(v.codigos, '{}') AS pontos_venda,
       (SELECT nome FROM empresas WHERE id = p.empresa_id) AS escritorio
FROM pessoas p
LEFT JOIN LATERAL (
    SELECT array_agg(v.codigo ORDER BY v.codigo) AS codigos
    FROM pessoas_pontos_venda l JOIN pontos_venda v ON v.id = l.ponto_venda_id
    WHERE l.pessoa_id = p.id) v ON true
WHERE ($1::int IS NULL OR p.id = $1) AND p.id > $2
ORDER BY p.id
LIMIT $3;

-- name: find_login
SELECT p.id, p.empresa_id, p.senha_hash, p.trocar_senha AND coalesce(p.senha_expira_em < now(), false) AS vencida
FROM pessoas p
JOIN empresas e ON e.id = p.empresa_id AND e.ativa
WHERE p.email = $1 AND p.ativo;

-- name: set_pontos_venda
WITH fora AS (DELETE FROM pessoas_pontos_venda WHERE pessoa_id = $1 AND ponto_venda_id <> ALL ($2::int[]))
INSERT INTO pessoas_pontos_venda (pessoa_id, ponto_venda_id)
SELECT $1, ponto FROM unnest($2::int[]) AS ponto
ON CONFLICT DO NOTHING;

-- name: set_senha
-- $4: the hash that it must still have, or null. $5: how long a provisional one is good.
UPDATE pessoas
SET senha_hash = $2, trocar_senha = $3, senha_expira_em = CASE WHEN $3 THEN now() + $5::interval END, updated_at = now()
WHERE id = $1 AND ($4::text IS NULL OR senha_hash = $4)
RETURNING id;

-- name: has_admin
SELECT EXISTS (SELECT FROM pessoas WHERE escopo = 'admin' AND todos_pontos_venda AND ativo);

-- name: lock_pessoa
-- With those who administer, in one order: and before their sessions, as everywhere.
SELECT id FROM pessoas WHERE escopo = 'admin' OR id = $1 ORDER BY id FOR UPDATE;

-- name: delete_pessoa
DELETE FROM pessoas WHERE id = $1;

-- name: enter
-- Holds the person's row until the session is there: whoever changes the person comes before, or ends it after.
UPDATE pessoas SET ultimo_acesso = now() WHERE id = $1 AND ativo AND senha_hash = $2 RETURNING id;

-- name: insert_sessao
INSERT INTO chaves_api (nome, escopo, sha256, pessoa_id, csrf, expira_em)
SELECT nome, escopo, $2, id, $3, now() + $4::interval FROM pessoas WHERE id = $1
RETURNING id;

-- name: end_sessoes
UPDATE chaves_api SET revogada_em = now() WHERE pessoa_id = $1 AND revogada_em IS NULL RETURNING id;

-- name: end_sessao
UPDATE chaves_api SET revogada_em = now() WHERE id = $1 AND revogada_em IS NULL;

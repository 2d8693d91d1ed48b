-- The offices of this installation.

-- name: bind
SELECT set_config('canopus.empresa', $1::int::text, $2);

-- name: can_restrict
-- The role of requests is there, and this user may take it. Where it came after the schema it has nothing yet.
-- Before PostgreSQL 16 to be a member is to be allowed to.
SELECT pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) AS papel,
       has_table_privilege(r.oid, 'pontos_venda', 'SELECT') AS concedido
FROM pg_roles r WHERE r.rolname = 'canopus_escritorio';

-- name: restrict
SET ROLE canopus_escritorio;

-- name: restrict_local
SET LOCAL ROLE canopus_escritorio;

-- name: release_local
SET LOCAL ROLE NONE;

-- name: has_outras
SELECT EXISTS (SELECT FROM empresas WHERE id <> 1);

-- name: list_empresas
SELECT id, codigo, nome, ativa, max_sessoes, created_at FROM empresas ORDER BY id;

-- name: find_empresa
SELECT id, codigo, nome, ativa, max_sessoes, created_at FROM empresas WHERE codigo = $1;

-- name: insert_empresa
INSERT INTO empresas (codigo, nome, max_sessoes) VALUES ($1, $2, $3) RETURNING id;

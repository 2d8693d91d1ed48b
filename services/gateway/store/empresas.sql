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

-- name: had_outras
-- Whether there is, or ever was, a second office.
SELECT last_value > 1 FROM empresas_id_seq;

-- name: list_donos
-- $1: executions, $2: questions, $3: leases, $4: credentials, $5: trainings.
SELECT 'automacao_id' AS campo, automacao_id::text AS id, empresa_id
FROM execucoes_automacao WHERE automacao_id = ANY ($1::uuid[])
UNION ALL SELECT 'pedido_id', id::text, empresa_id FROM pedidos WHERE id = ANY ($2::uuid[])
UNION ALL SELECT 'cerca', cerca::text, empresa_id FROM concessoes WHERE cerca = ANY ($3::bigint[])
UNION ALL SELECT 'credencial_id', id::text, empresa_id FROM credenciais_canopus WHERE id = ANY ($4::bigint[])
UNION ALL SELECT 'treino_id', id::text, empresa_id FROM treinos WHERE id = ANY ($5::bigint[]);

-- name: list_ativas
SELECT id FROM empresas WHERE ativa ORDER BY id;

-- name: list_empresas
SELECT id, codigo, nome, ativa, max_sessoes, created_at FROM empresas WHERE id > $1 ORDER BY id LIMIT $2;

-- name: find_empresa
SELECT id, codigo, nome, ativa, max_sessoes, created_at FROM empresas WHERE codigo = $1;

-- name: insert_empresa
INSERT INTO empresas (codigo, nome, max_sessoes) VALUES ($1, $2, $3) RETURNING id;

-- name: switch_empresa
UPDATE empresas SET ativa = $2 WHERE id = $1;

-- name: list_vivas
SELECT automacao_id FROM execucoes_automacao
WHERE empresa_id = $1 AND (status IN ('na_fila', 'em_andamento', 'pausada', 'bloqueada') OR processando > 0)
ORDER BY id;

-- name: list_tabelas
-- What an office has rows in, each with its columns but those that open doors: they are nobody's to take along.
SELECT c.relname::text AS nome,
       array_agg(a.attname::text ORDER BY a.attnum)
           FILTER (WHERE a.attname NOT IN ('senha_encrypted', 'senha_hash', 'segredo', 'segredo_anterior', 'segredos', 'csrf')
                         AND NOT (a.attname = 'sha256' AND c.relname IN ('chaves_api', 'bilhetes'))) AS colunas
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  AND EXISTS (SELECT FROM pg_attribute e WHERE e.attrelid = c.oid AND e.attname = 'empresa_id' AND NOT e.attisdropped)
GROUP BY c.relname
ORDER BY c.relname;

-- name: list_arquivos
-- Those that rows of an office ($1) name; not $2: those that rows of all others do. Equal bytes are one file.
SELECT DISTINCT caminho FROM (
    SELECT empresa_id, arquivo_caminho AS caminho FROM boletos
    UNION ALL SELECT empresa_id, arquivo_caminho FROM log_downloads_boletos
    UNION ALL SELECT empresa_id, caminho FROM planilhas
    UNION ALL SELECT l.empresa_id, c #>> '{}' FROM log_downloads_boletos l,
              unnest(ARRAY[l.captura, l.quarentena, l.evidencia, l.historico]) AS j,
              jsonb_path_query(j, '$.**.caminho') AS c
    UNION ALL SELECT p.empresa_id, c #>> '{}' FROM pedidos p, unnest(ARRAY[p.arquivo, p.parametros]) AS j,
              jsonb_path_query(j, '$.**.caminho') AS c
    UNION ALL SELECT k.empresa_id, c #>> '{}' FROM credenciais_canopus k,
              jsonb_path_query(k.parada_evidencia, '$.**.caminho') AS c
) u
WHERE caminho IS NOT NULL AND (empresa_id = $1) = $2;

-- name: delete_empresa
DELETE FROM empresas WHERE id = $1;

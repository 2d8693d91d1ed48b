-- The database as a whole: its tables, what belongs to them, and the files that their rows cannot do without.

-- name: fix_formatos
-- Both ways: how a server writes times by itself is its own affair.
SELECT set_config('datestyle', 'ISO, YMD', true), set_config('timezone', 'UTC', true),
       set_config('extra_float_digits', '1', true);

-- name: list_tabelas
-- Generated columns are made again.
SELECT c.relname AS nome, array_agg(a.attname::text ORDER BY a.attnum) AS colunas
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
GROUP BY c.relname
ORDER BY c.relname;

-- name: list_referencias
SELECT DISTINCT f.conrelid::regclass::text AS de, f.confrelid::regclass::text AS para
FROM pg_constraint f
WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace AND f.conrelid <> f.confrelid;

-- name: list_sequencias
SELECT sequencename::text AS nome, last_value AS ultimo FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1;

-- name: list_objetos
-- Everything of ours in the schema, each with the statement that removes it.
SELECT format('DROP TABLE %s CASCADE', oid::regclass) AS sql FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
UNION ALL
SELECT format('DROP SEQUENCE IF EXISTS %s CASCADE', oid::regclass) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
UNION ALL
SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', p.oid::regprocedure) FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e');

-- name: list_arquivos
-- A boleto has one path; captures are those that are still on their way.
SELECT arquivo_caminho AS caminho, arquivo_sha256 AS sha256 FROM boletos
UNION ALL SELECT caminho, sha256 FROM planilhas
UNION ALL SELECT captura ->> 'caminho', captura ->> 'sha256' FROM log_downloads_boletos
WHERE captura IS NOT NULL AND (status = 'processando' OR codigo = 'nome.nao_encontrado'
                               OR codigo = 'arquivo.falhou.disco_cheio' OR codigo = 'interno');

-- Several offices in one installation. Each row of an office carries its number, and the role that serves requests sees
-- and writes one office's rows alone, whatever a statement forgets to say.

CREATE TABLE empresas (
    id         serial PRIMARY KEY,
    codigo     varchar(30)  NOT NULL UNIQUE CHECK (codigo ~ '^[a-z0-9][a-z0-9-]*$'),
    nome       varchar(100) NOT NULL,
    ativa      boolean      NOT NULL DEFAULT true,
    -- Sessions that all its pontos de venda may have at once; null: as many as there are.
    max_sessoes int         CHECK (max_sessoes >= 1),
    created_at timestamptz  NOT NULL DEFAULT now()
);
-- What every installation is until a second one is made.
INSERT INTO empresas (codigo, nome) VALUES ('padrao', 'Escritório');

-- Whose rows a request sees. Who names none is the first office.
CREATE FUNCTION empresa_atual() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('canopus.empresa', true), '')::int, 1);

-- What is an office's by itself.
DO $$
DECLARE tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['pontos_venda', 'pessoas', 'canais', 'espelhos', 'treinos', 'auditoria'] LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN empresa_id int NOT NULL DEFAULT 1 REFERENCES empresas', tabela);
        EXECUTE format('ALTER TABLE %I ALTER COLUMN empresa_id SET DEFAULT empresa_atual()', tabela);
    END LOOP;
END $$;

-- What is so through another row: (table, its columns and the tables that they lead to). The first that is not null
-- counts; none: the office of the request. The background names no office, so it cannot name a wrong one; in a request
-- a row of another office is not seen, so what names it is refused.
DO $$
DECLARE
    tabela text;
    pais text[];
    busca text;
    i int;
BEGIN
    FOR tabela, pais IN SELECT * FROM (VALUES
        ('consultores',           ARRAY['ponto_venda_id', 'pontos_venda']),
        ('credenciais_canopus',   ARRAY['ponto_venda_id', 'pontos_venda']),
        ('planilhas',             ARRAY['consultor_id', 'consultores']),
        ('clientes_finais',       ARRAY['ponto_venda_id', 'pontos_venda']),
        ('execucoes_automacao',   ARRAY['ponto_venda_id', 'pontos_venda']),
        ('boletos',               ARRAY['ponto_venda_id', 'pontos_venda']),
        ('boletos_apagados',      ARRAY['ponto_venda_id', 'pontos_venda']),
        ('log_downloads_boletos', ARRAY['ponto_venda_id', 'pontos_venda']),
        ('eventos',               ARRAY['execucao_id', 'execucoes_automacao']),
        ('concessoes',            ARRAY['credencial_id', 'credenciais_canopus']),
        ('medidas_busca',         ARRAY['credencial_id', 'credenciais_canopus']),
        ('agendamentos',          ARRAY['ponto_venda_id', 'pontos_venda']),
        ('disparos',              ARRAY['agendamento_id', 'agendamentos']),
        ('webhooks',              ARRAY['ponto_venda_id', 'pontos_venda']),
        ('webhooks_entregas',     ARRAY['webhook_id', 'webhooks']),
        ('pessoas_pontos_venda',  ARRAY['pessoa_id', 'pessoas']),
        ('destinatarios',         ARRAY['pessoa_id', 'pessoas']),
        ('avisos',                ARRAY['destinatario_id', 'destinatarios']),
        ('copias',                ARRAY['espelho_id', 'espelhos']),
        ('chaves_api',            ARRAY['pessoa_id', 'pessoas', 'ponto_venda_id', 'pontos_venda']),
        ('bilhetes',              ARRAY['chave_id', 'chaves_api']),
        ('idempotencia',          ARRAY['chave_id', 'chaves_api']),
        ('pedidos',               ARRAY['credencial_id', 'credenciais_canopus', 'ponto_venda_id', 'pontos_venda'])
    ) AS lista (tabela, pais) LOOP
        busca := 'NEW.empresa_id := empresa_atual();';
        FOR i IN REVERSE array_length(pais, 1) / 2 .. 1 LOOP
            busca := format('IF NEW.%I IS NOT NULL THEN NEW.empresa_id := (SELECT empresa_id FROM %I WHERE id = NEW.%I); ELSE %s END IF;',
                            pais[2 * i - 1], pais[2 * i], pais[2 * i - 1], busca);
        END LOOP;
        EXECUTE format('ALTER TABLE %I ADD COLUMN empresa_id int NOT NULL DEFAULT 1', tabela);
        EXECUTE format('ALTER TABLE %I ALTER COLUMN empresa_id DROP DEFAULT', tabela);
        -- A row that comes with its office, as a copy brings it, keeps it.
        EXECUTE format('CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN %s
                           IF NEW.empresa_id IS NULL THEN RAISE foreign_key_violation USING MESSAGE = %L; END IF;
                           RETURN NEW; END $f$',
                       'empresa_de_' || tabela, busca, tabela || ': what it belongs to is not there');
        EXECUTE format('CREATE TRIGGER empresa BEFORE INSERT ON %I FOR EACH ROW WHEN (NEW.empresa_id IS NULL) EXECUTE FUNCTION %I()',
                       tabela, 'empresa_de_' || tabela);
    END LOOP;
END $$;

-- One office's codes, names and contracts are nothing to another.
ALTER TABLE pontos_venda DROP CONSTRAINT pontos_venda_codigo_limpo_key, ADD UNIQUE (codigo_limpo, empresa_id);
ALTER TABLE consultores DROP CONSTRAINT consultores_nome_limpo_key, ADD UNIQUE (nome_limpo, empresa_id);
ALTER TABLE clientes_finais DROP CONSTRAINT clientes_finais_cpf_grupo_consorcio_cota_consorcio_key,
    ADD UNIQUE NULLS NOT DISTINCT (cpf, grupo_consorcio, cota_consorcio, empresa_id);
ALTER TABLE espelhos DROP CONSTRAINT espelhos_nome_limpo_key, ADD UNIQUE (nome_limpo, empresa_id);
CREATE UNIQUE INDEX empresas_por_nome ON empresas (fold(nome));

-- Statistics go on reading the index alone, though each row must show its office.
DROP INDEX itens_terminados;
CREATE INDEX itens_terminados ON log_downloads_boletos (finalizado_em)
    INCLUDE (ponto_venda_id, consultor_id, status, codigo, tentativas, empresa_id) WHERE finalizado_em IS NOT NULL;

-- As in 0015, and to the mirrors of its own office.
CREATE OR REPLACE FUNCTION note_copias() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND NEW.arquivo_caminho <> OLD.arquivo_caminho THEN
        UPDATE copias
        SET sha256 = NULL, tamanho = NULL, pedida_em = now(), tentativas = 0, proxima_em = now(), erro = NULL,
            feita_em = NULL
        WHERE caminho = OLD.arquivo_caminho AND empresa_id = OLD.empresa_id
          AND NOT EXISTS (SELECT FROM boletos
                          WHERE arquivo_caminho = OLD.arquivo_caminho AND empresa_id = OLD.empresa_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO copias (espelho_id, caminho, sha256, tamanho, empresa_id)
        SELECT id, NEW.arquivo_caminho, NEW.arquivo_sha256, NEW.arquivo_tamanho, empresa_id
        FROM espelhos WHERE empresa_id = NEW.empresa_id
        ON CONFLICT (espelho_id, caminho) DO UPDATE
        SET sha256 = excluded.sha256, tamanho = excluded.tamanho, pedida_em = now(), tentativas = 0, proxima_em = now(),
            erro = NULL, feita_em = NULL
        WHERE copias.sha256 IS DISTINCT FROM excluded.sha256;
    END IF;
    RETURN NULL;
END $$;

-- Not FORCEd: the owner, as whom the background works, sees every office.
DO $$
DECLARE tabela text;
BEGIN
    FOR tabela IN
        SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE a.attname = 'empresa_id' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY empresa ON %I USING (empresa_id = empresa_atual())', tabela);
    END LOOP;
    ALTER TABLE empresas ENABLE ROW LEVEL SECURITY;
    CREATE POLICY empresa ON empresas FOR SELECT USING (id = empresa_atual());
END $$;

-- What the role of requests may do: all that an office's rows need; of the installation's own tables no more than the
-- routes do. A table that comes later is closed to it until its migration opens it here.
CREATE FUNCTION grant_escritorio() RETURNS void LANGUAGE plpgsql AS $$
DECLARE tabela text;
BEGIN
    GRANT USAGE ON SCHEMA public TO canopus_escritorio;
    FOR tabela IN SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND policyname = 'empresa' AND tablename <> 'empresas' LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO canopus_escritorio', tabela);
    END LOOP;
    GRANT SELECT ON empresas, servicos, portais, epoca, migracoes TO canopus_escritorio;
    GRANT INSERT ON outbox TO canopus_escritorio;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO canopus_escritorio;
END $$;

-- Where the database's user may not make a role there is one office alone; see README.
DO $$
BEGIN
    BEGIN
        CREATE ROLE canopus_escritorio NOLOGIN;
        EXECUTE format('GRANT canopus_escritorio TO %I', current_user);
    EXCEPTION
        -- Another database of this server has made it, perhaps at this moment.
        WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
    END;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'canopus_escritorio') THEN
        PERFORM grant_escritorio();
    END IF;
END $$;

-- People who sign in at the dashboard. A session is a key like any other: it expires, belongs to a person, and travels
-- in a cookie beside a token that foreign pages cannot know.

CREATE TABLE pessoas (
    id            serial PRIMARY KEY,
    -- In lower case: filled so by the application.
    email         varchar(150) NOT NULL UNIQUE,
    nome          varchar(100) NOT NULL,
    senha_hash    text         NOT NULL,
    -- The password is one that somebody else has seen: it must be changed before anything else.
    trocar_senha  boolean      NOT NULL DEFAULT true,
    escopo        varchar(20)  NOT NULL CHECK (escopo IN ('admin', 'operador', 'leitura')),
    -- False: only those of pessoas_pontos_venda.
    todos_pontos_venda boolean NOT NULL DEFAULT false,
    ativo         boolean      NOT NULL DEFAULT true,
    ultimo_acesso timestamptz,
    created_at    timestamptz  NOT NULL DEFAULT now(),
    updated_at    timestamptz  NOT NULL DEFAULT now()
);

CREATE TABLE pessoas_pontos_venda (
    pessoa_id      int NOT NULL REFERENCES pessoas ON DELETE CASCADE,
    ponto_venda_id int NOT NULL REFERENCES pontos_venda ON DELETE CASCADE,
    PRIMARY KEY (pessoa_id, ponto_venda_id)
);

ALTER TABLE chaves_api
    ADD COLUMN pessoa_id int REFERENCES pessoas ON DELETE CASCADE,
    ADD COLUMN csrf      varchar(50),
    ADD COLUMN expira_em timestamptz,
    ADD CONSTRAINT sessao_inteira CHECK ((pessoa_id IS NULL) = (csrf IS NULL) AND (pessoa_id IS NULL) = (expira_em IS NULL));
CREATE INDEX chaves_por_pessoa ON chaves_api (pessoa_id) WHERE pessoa_id IS NOT NULL;

-- Callers may see several pontos de venda: what is being imported remembers which.
UPDATE pedidos
SET parametros = parametros - 'acesso_id' || jsonb_build_object('alcance', CASE
    WHEN jsonb_typeof(parametros -> 'acesso_id') = 'number' THEN jsonb_build_array(parametros -> 'acesso_id') ELSE 'null' END)
WHERE parametros ? 'acesso_id';

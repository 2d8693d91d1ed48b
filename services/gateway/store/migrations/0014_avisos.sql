-- Notices to people: the channels, who is told of what by which of them, and each notice until it was read.

CREATE TABLE canais (
    id            serial PRIMARY KEY,
    nome          varchar(100) NOT NULL,
    tipo          varchar(20)  NOT NULL CHECK (tipo IN ('whatsapp', 'servico')),
    -- As a person knows it: WhatsApp, Telegram, Slack…
    servico       varchar(100) NOT NULL,
    -- False: all of it goes to one place, which its url names.
    pede_endereco boolean      NOT NULL,
    -- Of WhatsApp: numero_id, modelo, idioma, url_base.
    config        jsonb        NOT NULL DEFAULT '{}',
    -- Fernet ciphertext of a JSON object: url; of WhatsApp token, segredo_app, token_verificacao.
    segredos      text         NOT NULL,
    ativo         boolean      NOT NULL DEFAULT true,
    -- The service asked to be left alone (Retry-After).
    espera_de     timestamptz,
    espera_ate    timestamptz,
    created_at    timestamptz  NOT NULL DEFAULT now(),
    updated_at    timestamptz  NOT NULL DEFAULT now(),
    CHECK ((espera_de IS NULL) = (espera_ate IS NULL))
);

-- What one person is told by one channel; of the pontos de venda that the person sees.
CREATE TABLE destinatarios (
    id            serial PRIMARY KEY,
    pessoa_id     int          NOT NULL REFERENCES pessoas ON DELETE CASCADE,
    canal_id      int          NOT NULL REFERENCES canais ON DELETE CASCADE,
    endereco      varchar(200),
    -- Null: every occasion.
    eventos       text[],
    -- More failures than these in one execution are an occasion.
    limite_falhas int          NOT NULL DEFAULT 5 CHECK (limite_falhas >= 0),
    ativo         boolean      NOT NULL DEFAULT true,
    created_at    timestamptz  NOT NULL DEFAULT now(),
    updated_at    timestamptz  NOT NULL DEFAULT now()
);
CREATE INDEX destinatarios_por_pessoa ON destinatarios (pessoa_id);
CREATE INDEX destinatarios_por_canal ON destinatarios (canal_id);

-- One occasion for one of them, written in the transaction that makes it. falhou: tried, and to be tried again; aceito:
-- the service took it; entregue, lido: it says what became of it; desistiu: given up. chave: by which the other side
-- knows a repetition. reserva: whoever is sending it; past reservada_ate it is anyone's again.
CREATE TABLE avisos (
    id              bigserial PRIMARY KEY,
    chave           uuid          NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    destinatario_id int           NOT NULL REFERENCES destinatarios ON DELETE CASCADE,
    canal_id        int           NOT NULL REFERENCES canais ON DELETE CASCADE,
    evento_id       varchar(100)  NOT NULL,
    tipo            varchar(60)   NOT NULL,
    titulo          varchar(200)  NOT NULL,
    texto           varchar(1000) NOT NULL,
    estado          varchar(20)   NOT NULL DEFAULT 'pendente'
                    CHECK (estado IN ('pendente', 'falhou', 'aceito', 'entregue', 'lido', 'desistiu')),
    tentativas      int           NOT NULL DEFAULT 0,
    proxima_em      timestamptz   NOT NULL DEFAULT now(),
    reserva         uuid,
    reservada_ate   timestamptz,
    tentado_em      timestamptz,
    -- The service's own number of it.
    externo_id      varchar(200),
    erro            text,
    criado_em       timestamptz   NOT NULL DEFAULT now(),
    aceito_em       timestamptz,
    entregue_em     timestamptz,
    lido_em         timestamptz,
    UNIQUE (destinatario_id, evento_id)
);
CREATE INDEX avisos_devidos ON avisos (canal_id, proxima_em, id) WHERE estado IN ('pendente', 'falhou');
CREATE INDEX avisos_por_externo ON avisos (externo_id) WHERE externo_id IS NOT NULL;

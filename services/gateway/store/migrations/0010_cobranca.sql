-- Billing: whether a boleto was paid, what changed since a cursor, and what other systems are told.

-- Payment ----------------------------------------------------------------------------------------------------------------

ALTER TABLE boletos
    ADD COLUMN status         varchar(20) NOT NULL DEFAULT 'pendente'
                              CHECK (status IN ('pendente', 'pago', 'vencido', 'cancelado')),
    ADD COLUMN data_pagamento date,
    ADD COLUMN valor_pago     numeric(12,2) CHECK (valor_pago > 0),
    ADD CONSTRAINT pagamento_so_de_pago CHECK (status = 'pago' OR data_pagamento IS NULL AND valor_pago IS NULL);

-- As a bank's file and a slip may write the same number differently: its digits, without leading zeros.
CREATE FUNCTION digitos(texto text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ltrim(regexp_replace(texto, '[^0-9]', '', 'g'), '0');
CREATE INDEX boletos_por_nosso_numero ON boletos (digitos(nosso_numero));
CREATE INDEX boletos_por_vencimento ON boletos (data_vencimento, valor_original);

-- Changes ----------------------------------------------------------------------------------------------------------------

-- Null: changed, and not numbered yet. Whoever reads the changes numbers what is committed, one reader at a time; so a
-- number is never given below one that somebody has read already, however late a transaction commits.
ALTER TABLE boletos ADD COLUMN mudanca bigint;
CREATE SEQUENCE mudancas;
CREATE UNIQUE INDEX boletos_por_mudanca ON boletos (mudanca);
CREATE INDEX boletos_sem_mudanca ON boletos (id) WHERE mudanca IS NULL;

-- What is left of a boleto that was removed.
CREATE TABLE boletos_apagados (
    boleto_id      bigint PRIMARY KEY,
    ponto_venda_id int         NOT NULL REFERENCES pontos_venda,
    apagado_em     timestamptz NOT NULL DEFAULT now(),
    mudanca        bigint
);
CREATE UNIQUE INDEX apagados_por_mudanca ON boletos_apagados (mudanca);
CREATE INDEX apagados_sem_mudanca ON boletos_apagados (boleto_id) WHERE mudanca IS NULL;

-- Whoever changes or removes a boleto, by whatever road.
CREATE FUNCTION note_boleto_mudado() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.mudanca := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER boleto_mudado BEFORE UPDATE ON boletos
    FOR EACH ROW WHEN (NEW.mudanca IS NOT DISTINCT FROM OLD.mudanca) EXECUTE FUNCTION note_boleto_mudado();

CREATE FUNCTION note_boleto_apagado() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO boletos_apagados (boleto_id, ponto_venda_id) VALUES (OLD.id, OLD.ponto_venda_id);
    RETURN NULL;
END $$;
CREATE TRIGGER boleto_apagado AFTER DELETE ON boletos FOR EACH ROW EXECUTE FUNCTION note_boleto_apagado();

-- Webhooks ---------------------------------------------------------------------------------------------------------------

CREATE TABLE webhooks (
    id             serial PRIMARY KEY,
    nome           varchar(100)  NOT NULL,
    url            varchar(2000) NOT NULL,
    -- Null: every event; of every ponto de venda.
    eventos        text[],
    ponto_venda_id int           REFERENCES pontos_venda,
    segredo        text          NOT NULL,
    -- Signs too until then, so that the receiver may change its own in peace. Both as Fernet ciphertext.
    segredo_anterior text,
    anterior_ate   timestamptz,
    ativo          boolean       NOT NULL DEFAULT true,
    -- Set where its server said that it is gone.
    desligado_em   timestamptz,
    desligado_motivo text,
    -- Its server asked to be left alone (Retry-After).
    espera_de      timestamptz,
    espera_ate     timestamptz,
    created_at     timestamptz   NOT NULL DEFAULT now(),
    updated_at     timestamptz   NOT NULL DEFAULT now(),
    CHECK ((segredo_anterior IS NULL) = (anterior_ate IS NULL)),
    CHECK ((espera_de IS NULL) = (espera_ate IS NULL))
);

-- One event for one webhook, written in the transaction that makes it. falhou: tried, and to be tried again; desistiu:
-- given up. reserva: whoever is sending it; past reservada_ate it is anyone's again.
CREATE TABLE webhooks_entregas (
    id            bigserial PRIMARY KEY,
    webhook_id    int         NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    evento_id     varchar(60) NOT NULL,
    tipo          varchar(60) NOT NULL,
    corpo         text        NOT NULL,
    boleto_id     bigint,
    estado        varchar(20) NOT NULL DEFAULT 'pendente' CHECK (estado IN ('pendente', 'falhou', 'aceita', 'desistiu')),
    tentativas    int         NOT NULL DEFAULT 0,
    proxima_em    timestamptz NOT NULL DEFAULT now(),
    reserva       uuid,
    reservada_ate timestamptz,
    tentada_em    timestamptz,
    status_http   int,
    erro          text,
    resposta      text,
    duracao_ms    int,
    criada_em     timestamptz NOT NULL DEFAULT now(),
    aceita_em     timestamptz,
    UNIQUE (webhook_id, evento_id),
    CHECK ((estado = 'aceita') = (aceita_em IS NOT NULL))
);
CREATE INDEX entregas_devidas ON webhooks_entregas (webhook_id, proxima_em, id) WHERE estado IN ('pendente', 'falhou');
CREATE INDEX entregas_por_webhook ON webhooks_entregas (webhook_id, id DESC);
CREATE INDEX entregas_por_boleto ON webhooks_entregas (boleto_id) WHERE boleto_id IS NOT NULL;

-- Downloads that begin by themselves: what was agreed, when it is next due, and what became of each firing.

CREATE TABLE agendamentos (
    id             serial PRIMARY KEY,
    nome           varchar(100) NOT NULL,
    ponto_venda_id int          NOT NULL REFERENCES pontos_venda,
    consultor_id   int          REFERENCES consultores,
    -- Whose boletos: of the month of the firing's day, or of the one after it.
    mes            varchar(10)  NOT NULL CHECK (mes IN ('atual', 'proximo')),
    regra          jsonb        NOT NULL,
    fuso           varchar(64)  NOT NULL,
    -- What becomes of firings that passed while nothing ran.
    perdidos       varchar(10)  NOT NULL CHECK (perdidos IN ('recuperar', 'pular')),
    ativo          boolean      NOT NULL DEFAULT true,
    -- Null: it is paused, or never comes again.
    proxima_em     timestamptz,
    -- Since when the due firing waits for an execution of its ponto de venda to end.
    adiado_em      timestamptz,
    criado_por     text         NOT NULL,
    created_at     timestamptz  NOT NULL DEFAULT now(),
    updated_at     timestamptz  NOT NULL DEFAULT now()
);
CREATE INDEX agendamentos_devidos ON agendamentos (proxima_em) WHERE ativo;

CREATE TABLE disparos (
    id             bigserial PRIMARY KEY,
    agendamento_id int          NOT NULL REFERENCES agendamentos ON DELETE CASCADE,
    previsto_para  timestamptz  NOT NULL,
    -- The first of those missed before it, for which it stands too.
    perdidos_desde timestamptz,
    feito_em       timestamptz  NOT NULL DEFAULT now(),
    -- Who asked for it by hand; null: the clock.
    quem           text,
    resultado      varchar(10)  NOT NULL CHECK (resultado IN ('enviado', 'pulado', 'recusado')),
    codigo         varchar(60),
    mensagem       text,
    execucao_id    bigint       REFERENCES execucoes_automacao,
    CHECK ((resultado = 'enviado') = (execucao_id IS NOT NULL))
);
-- Never two for one firing, however many gateways there are and wherever their clocks are moved.
CREATE UNIQUE INDEX disparos_do_relogio ON disparos (agendamento_id, previsto_para) WHERE quem IS NULL;
CREATE INDEX disparos_por_agendamento ON disparos (agendamento_id, id DESC);

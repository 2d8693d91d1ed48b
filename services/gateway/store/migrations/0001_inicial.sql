-- The former system's six tables with its column names, made right; and what the new road needs beside them.

-- Register -------------------------------------------------------------------------------------------------------------

CREATE TABLE pontos_venda (
    id          serial PRIMARY KEY,
    codigo      varchar(20)  NOT NULL,
    -- `17.308` and `17308` are one ponto de venda.
    codigo_limpo varchar(20) NOT NULL GENERATED ALWAYS AS (regexp_replace(upper(codigo), '[^0-9A-Z]', '', 'g')) STORED UNIQUE,
    nome        varchar(150) NOT NULL,
    empresa     varchar(50)  NOT NULL,
    url_base    varchar(255) NOT NULL,
    perfil      varchar(50)  NOT NULL DEFAULT 'canopus',
    ativo       boolean      NOT NULL DEFAULT true,
    created_at  timestamptz  NOT NULL DEFAULT now(),
    updated_at  timestamptz  NOT NULL DEFAULT now()
);

CREATE TABLE consultores (
    id             serial PRIMARY KEY,
    nome           varchar(100) NOT NULL,
    -- Case and accents ignored: filled by the application with shared.contrato.fold.
    nome_limpo     varchar(100) NOT NULL UNIQUE,
    email          varchar(150),
    telefone       varchar(20),
    whatsapp       varchar(20),
    empresa        varchar(50)  NOT NULL,
    -- Only the default of the consultor's uploads: the contracts may belong to others.
    ponto_venda_id int          NOT NULL REFERENCES pontos_venda,
    pasta_boletos  varchar(100) NOT NULL,
    cor_identificacao varchar(20),
    ativo          boolean      NOT NULL DEFAULT true,
    created_at     timestamptz  NOT NULL DEFAULT now(),
    updated_at     timestamptz  NOT NULL DEFAULT now()
);

CREATE TABLE credenciais_canopus (
    id              serial PRIMARY KEY,
    ponto_venda_id  int          NOT NULL REFERENCES pontos_venda ON DELETE CASCADE,
    usuario         varchar(100) NOT NULL,
    senha_encrypted text         NOT NULL,
    codigo_empresa  varchar(10)  DEFAULT '0101',
    max_sessoes     int          NOT NULL DEFAULT 1 CHECK (max_sessoes BETWEEN 1 AND 64),
    -- Lowered while the portal kicks sessions out; null: max_sessoes holds.
    sessoes_reduzidas int        CHECK (sessoes_reduzidas >= 1),
    reduzida_ate    timestamptz,
    ultimo_login    timestamptz,
    ultimo_erro     timestamptz,
    mensagem_erro   text,
    -- Set: the credential is stopped, nothing is posted with it until a person acts.
    parada_codigo   varchar(60),
    parada_em       timestamptz,
    parada_evidencia jsonb       NOT NULL DEFAULT '[]',
    -- A person put it right when leases up to this one had been granted: their late refusals say nothing any more.
    consertada_cerca bigint      NOT NULL DEFAULT 0,
    -- Sessions that ended badly in a row, and until when the next one waits for that.
    quedas          int          NOT NULL DEFAULT 0,
    espera_ate      timestamptz,
    -- The firewall's last block page: a second one within ten minutes stops the credential.
    bloqueada_em    timestamptz,
    -- Distinct contracts in a row whose document diverged; three stop the credential.
    divergentes     bigint[]     NOT NULL DEFAULT '{}',
    ativo           boolean      NOT NULL DEFAULT true,
    created_at      timestamptz  NOT NULL DEFAULT now(),
    updated_at      timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (ponto_venda_id, usuario)
);

CREATE TABLE planilhas (
    id             bigserial PRIMARY KEY,
    consultor_id   int         NOT NULL REFERENCES consultores,
    ponto_venda_id int         REFERENCES pontos_venda,
    nome_arquivo   varchar(255) NOT NULL,
    caminho        varchar(500) NOT NULL,
    sha256         char(64)    NOT NULL,
    tamanho        bigint      NOT NULL,
    total          int         NOT NULL,
    importados     int         NOT NULL,
    atualizados    int         NOT NULL,
    inativos       int         NOT NULL,
    ignorados      int         NOT NULL,
    erros          jsonb       NOT NULL DEFAULT '[]',
    importada_em   timestamptz NOT NULL DEFAULT now(),
    importada_por  varchar(100)
);
CREATE INDEX planilhas_por_consultor ON planilhas (consultor_id, id DESC);

CREATE TABLE clientes_finais (
    id                bigserial PRIMARY KEY,
    nome_completo     varchar(255) NOT NULL,
    cpf               varchar(14)  NOT NULL,
    grupo_consorcio   int,
    cota_consorcio    int,
    ponto_venda_id    int          NOT NULL REFERENCES pontos_venda,
    consultor_id      int          REFERENCES consultores ON DELETE SET NULL,
    planilha_id       bigint       REFERENCES planilhas ON DELETE SET NULL,
    linha_planilha    int,
    email             varchar(150),
    telefone_celular  varchar(20),
    whatsapp          varchar(20),
    situacao          varchar(100),
    contemplado       varchar(100),
    valor_credito     numeric(12,2),
    valor_parcela     numeric(10,2),
    status_contrato   varchar(20)  NOT NULL DEFAULT 'ativo' CHECK (status_contrato IN ('ativo', 'suspenso', 'contemplado', 'cancelado')),
    origem            varchar(20)  NOT NULL DEFAULT 'planilha',
    observacoes       text,
    ativo             boolean      NOT NULL DEFAULT true,
    created_at        timestamptz  NOT NULL DEFAULT now(),
    updated_at        timestamptz  NOT NULL DEFAULT now(),
    -- One contract per document and grupo/cota: two cotas of one client are two contracts.
    UNIQUE NULLS NOT DISTINCT (cpf, grupo_consorcio, cota_consorcio)
);
CREATE INDEX clientes_por_ponto_venda ON clientes_finais (ponto_venda_id) WHERE ativo;
CREATE INDEX clientes_por_consultor ON clientes_finais (consultor_id);

-- The work -------------------------------------------------------------------------------------------------------------

CREATE TABLE execucoes_automacao (
    id             bigserial PRIMARY KEY,
    automacao_id   uuid        NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    tipo           varchar(30) NOT NULL CHECK (tipo IN ('download_boletos', 'agendada', 'reprocessamento', 'teste')),
    ponto_venda_id int         NOT NULL REFERENCES pontos_venda,
    consultor_id   int         REFERENCES consultores ON DELETE SET NULL,
    origem_id      bigint      REFERENCES execucoes_automacao,
    status         varchar(30) NOT NULL DEFAULT 'na_fila' CHECK (status IN ('na_fila', 'em_andamento', 'pausada', 'bloqueada',
                       'concluida', 'concluida_com_falhas', 'erro', 'cancelada')),
    codigo         varchar(60),
    mensagem_atual text,
    -- The eight counters: derived from the rows' changes in the transaction that makes them.
    total_clientes             int NOT NULL DEFAULT 0,
    pendentes                  int NOT NULL DEFAULT 0,
    processando                int NOT NULL DEFAULT 0,
    processados_sucesso        int NOT NULL DEFAULT 0,
    processados_erro           int NOT NULL DEFAULT 0,
    processados_nao_encontrado int NOT NULL DEFAULT 0,
    processados_sem_boleto     int NOT NULL DEFAULT 0,
    ja_baixados                int NOT NULL DEFAULT 0,
    cancelados                 int NOT NULL DEFAULT 0,
    -- The last number given to an event of this execution.
    seq            bigint      NOT NULL DEFAULT 0,
    -- Distinct contracts in a row that failed with portal.mudou at the same step: [etapa, id, id…].
    mudou_etapa    varchar(20),
    mudou_itens    bigint[]    NOT NULL DEFAULT '{}',
    parametros     jsonb       NOT NULL DEFAULT '{}',
    usuario_execucao varchar(100),
    criado_em      timestamptz NOT NULL DEFAULT now(),
    iniciado_em    timestamptz,
    finalizado_em  timestamptz,
    CHECK (total_clientes = pendentes + processando + processados_sucesso + processados_erro + processados_nao_encontrado
           + processados_sem_boleto + ja_baixados + cancelados)
);
CREATE INDEX execucoes_vivas ON execucoes_automacao (id) WHERE status IN ('na_fila', 'em_andamento', 'pausada', 'bloqueada');

-- A boleto is one boleto: ponto de venda, contract, month and year.
CREATE TABLE boletos (
    id              bigserial PRIMARY KEY,
    ponto_venda_id  int          NOT NULL REFERENCES pontos_venda,
    cliente_final_id bigint      REFERENCES clientes_finais ON DELETE SET NULL,
    consultor_id    int          REFERENCES consultores ON DELETE SET NULL,
    cpf             varchar(14)  NOT NULL,
    nome_cliente    varchar(255),
    grupo           int          NOT NULL,
    cota            int          NOT NULL,
    mes_referencia  int          NOT NULL CHECK (mes_referencia BETWEEN 1 AND 12),
    ano_referencia  int          NOT NULL,
    numero_parcela  varchar(10),
    contrato        varchar(50),
    data_vencimento date         NOT NULL,
    valor_original  numeric(12,2) NOT NULL,
    linha_digitavel varchar(60),
    codigo_barras   varchar(44),
    nosso_numero    varchar(30),
    arquivo_caminho varchar(500) NOT NULL,
    arquivo_sha256  char(64)     NOT NULL,
    arquivo_tamanho int          NOT NULL,
    automacao_id    uuid         NOT NULL,
    baixado_em      timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (ponto_venda_id, cpf, grupo, cota, ano_referencia, mes_referencia),
    UNIQUE (arquivo_caminho)
);
CREATE INDEX boletos_por_contrato ON boletos (cpf, grupo, cota);

-- A row per contract of an execution.
CREATE TABLE log_downloads_boletos (
    id              bigserial PRIMARY KEY,
    execucao_id     bigint       NOT NULL REFERENCES execucoes_automacao ON DELETE CASCADE,
    automacao_id    uuid         NOT NULL,
    ponto_venda_id  int          NOT NULL REFERENCES pontos_venda,
    cliente_final_id bigint      REFERENCES clientes_finais ON DELETE SET NULL,
    consultor_id    int          REFERENCES consultores ON DELETE SET NULL,
    boleto_id       bigint       REFERENCES boletos ON DELETE SET NULL,
    cpf             varchar(14)  NOT NULL,
    nome_cliente    varchar(255),
    grupo           int,
    cota            int,
    -- Null until the grid decides it, where the job names no month.
    mes_referencia  int          CHECK (mes_referencia BETWEEN 1 AND 12),
    ano_referencia  int,
    forcar          boolean      NOT NULL DEFAULT false,
    status          varchar(50)  NOT NULL DEFAULT 'pendente' CHECK (status IN ('pendente', 'processando', 'sucesso', 'erro',
                        'cpf_nao_encontrado', 'sem_boleto', 'ja_baixado', 'cancelado')),
    etapa           varchar(20)  NOT NULL DEFAULT 'na_fila',
    codigo          varchar(60),
    mensagem_erro   text,
    -- Attempts spent, and how often a task was lost with its consumer.
    tentativas      int          NOT NULL DEFAULT 0,
    perdas          int          NOT NULL DEFAULT 0,
    proxima_tentativa timestamptz,
    -- The dispatch in force: its number, the lease that holds it (null: with no scraper), and when it was sent.
    despacho        bigint,
    cerca           bigint,
    enviado_em      timestamptz,
    -- Ended by a stop that a person lifts: `retomar`, or the credential put right, sets it back to pendente.
    parado          boolean      NOT NULL DEFAULT false,
    -- Claim checks: the verified PDF that waits for its name, and the one that was refused.
    captura         jsonb,
    quarentena      jsonb,
    dados_boleto    jsonb,
    evidencia       jsonb        NOT NULL DEFAULT '[]',
    historico       jsonb        NOT NULL DEFAULT '[]',
    arquivo_nome    varchar(255),
    arquivo_caminho varchar(500),
    arquivo_tamanho int,
    duracoes_s      jsonb        NOT NULL DEFAULT '{}',
    tempo_execucao_segundos numeric(8,2),
    iniciado_em     timestamptz,
    finalizado_em   timestamptz,
    baixado_em      timestamptz
);
CREATE INDEX itens_por_execucao ON log_downloads_boletos (execucao_id, id);
CREATE INDEX itens_abertos ON log_downloads_boletos (ponto_venda_id, execucao_id, id) WHERE status IN ('pendente', 'processando');
CREATE INDEX itens_esperando ON log_downloads_boletos (execucao_id, id) WHERE status = 'pendente' AND despacho IS NULL;
CREATE INDEX itens_por_contrato ON log_downloads_boletos (cpf, grupo, cota) WHERE status IN ('pendente', 'processando');
CREATE INDEX itens_por_cerca ON log_downloads_boletos (cerca) WHERE cerca IS NOT NULL;
CREATE INDEX itens_parados ON log_downloads_boletos (execucao_id) WHERE parado;
CREATE INDEX itens_nomeando ON log_downloads_boletos (enviado_em) WHERE status = 'processando' AND etapa = 'nomeando';
CREATE INDEX itens_sem_nome ON log_downloads_boletos (cpf) WHERE codigo = 'nome.nao_encontrado';
CREATE SEQUENCE despachos;

-- The events of an execution, gapless: `seq` comes from execucoes_automacao.seq under its row lock.
CREATE TABLE eventos (
    execucao_id  bigint      NOT NULL REFERENCES execucoes_automacao ON DELETE CASCADE,
    seq          bigint      NOT NULL,
    em           timestamptz NOT NULL DEFAULT now(),
    corpo        text        NOT NULL,
    PRIMARY KEY (execucao_id, seq)
);
-- The epoch of this database's numbering: another one means that history was lost.
CREATE TABLE epoca (unica boolean PRIMARY KEY DEFAULT true CHECK (unica), epoca uuid NOT NULL DEFAULT gen_random_uuid());
INSERT INTO epoca DEFAULT VALUES;

-- What was committed and still has to be published. fila null: by route.
CREATE TABLE outbox (
    id        bigserial PRIMARY KEY,
    fila      text,
    rota      text        NOT NULL,
    corpo     text        NOT NULL,
    ttl_s     real,
    criado_em timestamptz NOT NULL DEFAULT now()
);

-- Services, leases and portals ---------------------------------------------------------------------------------------

CREATE TABLE servicos (
    id         text PRIMARY KEY,
    tipo       text        NOT NULL CHECK (tipo IN ('scraper', 'namer')),
    fila       text,
    capacidade int         NOT NULL DEFAULT 0,
    parando    boolean     NOT NULL DEFAULT false,
    visto_em   timestamptz NOT NULL DEFAULT now()
);

CREATE SEQUENCE cercas;
-- A lease: one slot of one credential, held by one scraper, until it is given back or expires (encerrada_em).
CREATE TABLE concessoes (
    cerca         bigint PRIMARY KEY DEFAULT nextval('cercas'),
    credencial_id int         NOT NULL REFERENCES credenciais_canopus ON DELETE CASCADE,
    slot          int         NOT NULL,
    scraper_id    text        NOT NULL,
    fila          text        NOT NULL,
    concedida_em  timestamptz NOT NULL DEFAULT now(),
    expira_em     timestamptz NOT NULL,
    ociosa_desde  timestamptz NOT NULL DEFAULT now(),
    aberta        boolean     NOT NULL DEFAULT false,
    revogada_em   timestamptz,
    encerrada_em  timestamptz,
    motivo        text,
    pedido_id     uuid
);
CREATE UNIQUE INDEX concessoes_vivas ON concessoes (credencial_id, slot) WHERE encerrada_em IS NULL;
CREATE INDEX concessoes_encerradas ON concessoes (encerrada_em);
CREATE INDEX concessoes_por_pedido ON concessoes (pedido_id) WHERE pedido_id IS NOT NULL;

-- The circuit breaker of each portal. falhas: distinct contracts that failed in a row.
CREATE TABLE portais (
    url_base     varchar(255) PRIMARY KEY,
    estado       text        NOT NULL DEFAULT 'fechado' CHECK (estado IN ('fechado', 'aberto', 'sondando')),
    falhas       bigint[]    NOT NULL DEFAULT '{}',
    aberturas    int         NOT NULL DEFAULT 0,
    sonda_em     timestamptz,
    sonda_item   bigint
);

-- Doors ----------------------------------------------------------------------------------------------------------------

-- Work asked of another service whose answer may come after the call: 202 with Location until done.
CREATE TABLE pedidos (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tipo        text        NOT NULL CHECK (tipo IN ('planilha', 'relatorio', 'testar')),
    parametros  jsonb       NOT NULL DEFAULT '{}',
    credencial_id int       REFERENCES credenciais_canopus ON DELETE CASCADE,
    ponto_venda_id int      REFERENCES pontos_venda,
    criado_em   timestamptz NOT NULL DEFAULT now(),
    criado_por  text,
    -- The answer that the call would have given.
    status_http int,
    resposta    jsonb,
    arquivo     jsonb,
    respondido_em timestamptz
);

CREATE TABLE chaves_api (
    id             serial PRIMARY KEY,
    nome           varchar(100) NOT NULL,
    escopo         varchar(20)  NOT NULL CHECK (escopo IN ('admin', 'operador', 'leitura')),
    -- Null: every ponto de venda.
    ponto_venda_id int          REFERENCES pontos_venda ON DELETE CASCADE,
    sha256         char(64)     NOT NULL UNIQUE,
    criada_em      timestamptz  NOT NULL DEFAULT now(),
    usada_em       timestamptz,
    revogada_em    timestamptz
);

CREATE TABLE bilhetes (
    sha256     char(64) PRIMARY KEY,
    chave_id   int         NOT NULL REFERENCES chaves_api ON DELETE CASCADE,
    ponto_venda_id int     REFERENCES pontos_venda ON DELETE CASCADE,
    origem     text        NOT NULL,
    expira_em  timestamptz NOT NULL
);

CREATE TABLE idempotencia (
    chave_id    int         NOT NULL REFERENCES chaves_api ON DELETE CASCADE,
    chave       varchar(255) NOT NULL,
    corpo_sha256 char(64)   NOT NULL,
    automacao_id uuid       NOT NULL,
    criado_em   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chave_id, chave)
);

CREATE TABLE auditoria (
    id       bigserial PRIMARY KEY,
    em       timestamptz NOT NULL DEFAULT now(),
    quem     text        NOT NULL,
    acao     text        NOT NULL,
    alvo     text        NOT NULL,
    detalhes jsonb       NOT NULL DEFAULT '{}'
);

-- Mirrors: second places where the filed boletos lie, and the copies that are due or done there.

CREATE TABLE espelhos (
    id         serial PRIMARY KEY,
    nome       varchar(100) NOT NULL,
    nome_limpo text         GENERATED ALWAYS AS (fold(nome)) STORED,
    -- s3://balde/prefixo
    destino    varchar(500) NOT NULL,
    endereco   varchar(255) NOT NULL,
    regiao     varchar(50)  NOT NULL,
    chave      varchar(200) NOT NULL,
    -- Fernet ciphertext.
    segredo    text         NOT NULL,
    ativo      boolean      NOT NULL DEFAULT true,
    -- It refused or did not answer so many times in a row; nothing goes there for a while.
    falhas     int          NOT NULL DEFAULT 0,
    erro       text,
    espera_de  timestamptz,
    espera_ate timestamptz,
    created_at timestamptz  NOT NULL DEFAULT now(),
    updated_at timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (nome_limpo),
    CHECK ((espera_de IS NULL) = (espera_ate IS NULL))
);

-- What is to lie at a path of a mirror: these bytes, or (sha256 null) nothing. Due until feita_em. reserva: whoever is at
-- it; past reservada_ate it is anyone's again.
CREATE TABLE copias (
    id            bigserial PRIMARY KEY,
    espelho_id    int          NOT NULL REFERENCES espelhos ON DELETE CASCADE,
    caminho       varchar(500) NOT NULL,
    sha256        char(64),
    tamanho       int,
    pedida_em     timestamptz  NOT NULL DEFAULT now(),
    tentativas    int          NOT NULL DEFAULT 0,
    proxima_em    timestamptz  NOT NULL DEFAULT now(),
    tentada_em    timestamptz,
    erro          text,
    reserva       uuid,
    reservada_ate timestamptz,
    feita_em      timestamptz,
    UNIQUE (espelho_id, caminho),
    CHECK ((sha256 IS NULL) = (tamanho IS NULL))
);
CREATE INDEX copias_devidas ON copias (espelho_id, proxima_em, id) WHERE feita_em IS NULL;

-- Whoever files, moves or removes a boleto, by whatever road. A path that another boleto has taken is not cleared.
CREATE FUNCTION note_copias() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND NEW.arquivo_caminho <> OLD.arquivo_caminho THEN
        UPDATE copias
        SET sha256 = NULL, tamanho = NULL, pedida_em = now(), tentativas = 0, proxima_em = now(), erro = NULL,
            feita_em = NULL
        WHERE caminho = OLD.arquivo_caminho
          AND NOT EXISTS (SELECT FROM boletos WHERE arquivo_caminho = OLD.arquivo_caminho);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO copias (espelho_id, caminho, sha256, tamanho)
        SELECT id, NEW.arquivo_caminho, NEW.arquivo_sha256, NEW.arquivo_tamanho FROM espelhos
        ON CONFLICT (espelho_id, caminho) DO UPDATE
        SET sha256 = excluded.sha256, tamanho = excluded.tamanho, pedida_em = now(), tentativas = 0, proxima_em = now(),
            erro = NULL, feita_em = NULL
        WHERE copias.sha256 IS DISTINCT FROM excluded.sha256;
    END IF;
    RETURN NULL;
END $$;
CREATE INDEX copias_por_caminho ON copias (caminho);
CREATE TRIGGER copias_de_boleto AFTER INSERT OR DELETE OR UPDATE OF arquivo_caminho, arquivo_sha256 ON boletos
    FOR EACH ROW EXECUTE FUNCTION note_copias();

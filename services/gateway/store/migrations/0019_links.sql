-- Where a consultor's workbook lies in Google Drive, and what became of looking there.

CREATE TABLE links_planilha (
    consultor_id  int PRIMARY KEY REFERENCES consultores ON DELETE CASCADE,
    link          varchar(500) NOT NULL,
    -- The pontos de venda that whoever gave the link sees; null: all. An import of it writes rows of no other.
    alcance       int[],
    proxima_em    timestamptz  NOT NULL DEFAULT now(),
    -- Who wants it before its time.
    pedida_por    text,
    tentada_em    timestamptz,
    falhas        int          NOT NULL DEFAULT 0,
    erro          text,
    -- reserva: whoever is opening it; past reservada_ate it is anyone's again.
    reserva       uuid,
    reservada_ate timestamptz,
    -- The import under way, or the last one.
    pedido_id     uuid,
    -- What was imported last, or (recusa) could not be read: what tells it from another, what Google says
    -- of it, and what it became.
    marca         char(64),
    versao        varchar(100),
    planilha_id   bigint       REFERENCES planilhas ON DELETE SET NULL,
    recusa        text,
    -- Last known to be what lies there.
    em_dia_em     timestamptz,
    empresa_id    int          NOT NULL
);
CREATE INDEX links_devidos ON links_planilha (proxima_em);

CREATE FUNCTION empresa_de_links_planilha() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.empresa_id := (SELECT empresa_id FROM consultores WHERE id = NEW.consultor_id);
    IF NEW.empresa_id IS NULL THEN
        RAISE foreign_key_violation USING MESSAGE = 'links_planilha: what it belongs to is not there';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER empresa BEFORE INSERT ON links_planilha FOR EACH ROW WHEN (NEW.empresa_id IS NULL)
    EXECUTE FUNCTION empresa_de_links_planilha();
ALTER TABLE links_planilha ENABLE ROW LEVEL SECURITY;
CREATE POLICY empresa ON links_planilha USING (empresa_id = empresa_atual());

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'canopus_escritorio') THEN
        PERFORM grant_escritorio();
    END IF;
END $$;

-- Mirrors in Google Drive, beside those in S3.

-- drive://<id of a folder>; the secret is the whole JSON of the account.
ALTER TABLE espelhos ALTER COLUMN regiao DROP NOT NULL, ALTER COLUMN chave DROP NOT NULL,
    ADD CHECK ((destino LIKE 'drive://%') = (regiao IS NULL) AND (regiao IS NULL) = (chave IS NULL));
-- Two mirrors in one folder would make each file twice.
CREATE UNIQUE INDEX espelhos_por_pasta ON espelhos (destino, endereco, empresa_id) WHERE ativo AND destino LIKE 'drive://%';

-- The id that Drive knows a path by, kept before anything is made with it: whoever tries again makes the same, not
-- another. chave: the path's sha256, so that no name is left here.
CREATE TABLE lugares (
    espelho_id int          NOT NULL REFERENCES espelhos ON DELETE CASCADE,
    chave      char(64)     NOT NULL,
    externo_id varchar(200) NOT NULL,
    empresa_id int          NOT NULL,
    PRIMARY KEY (espelho_id, chave)
);

-- As in 0017.
CREATE FUNCTION empresa_de_lugares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.empresa_id := (SELECT empresa_id FROM espelhos WHERE id = NEW.espelho_id);
    IF NEW.empresa_id IS NULL THEN
        RAISE foreign_key_violation USING MESSAGE = 'lugares: what it belongs to is not there';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER empresa BEFORE INSERT ON lugares FOR EACH ROW WHEN (NEW.empresa_id IS NULL)
    EXECUTE FUNCTION empresa_de_lugares();
ALTER TABLE lugares ENABLE ROW LEVEL SECURITY;
CREATE POLICY empresa ON lugares USING (empresa_id = empresa_atual());
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'canopus_escritorio') THEN
        PERFORM grant_escritorio();
    END IF;
END $$;

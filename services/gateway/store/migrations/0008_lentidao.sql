-- What the portal itself took for each search, beside how many sessions of the credential were at work: kept for an hour.
CREATE TABLE medidas_busca (
    credencial_id int         NOT NULL,
    em            timestamptz NOT NULL DEFAULT now(),
    sessoes       int         NOT NULL,
    ms            int         NOT NULL
);
CREATE INDEX medidas_busca_por_credencial ON medidas_busca (credencial_id, em);
CREATE INDEX medidas_busca_recentes ON medidas_busca (em);

-- The last reduction for slowness: from how many sessions, and their searches a second. It is in force while lenta_ate
-- is reduzida_ate: one for another reason took its place otherwise.
ALTER TABLE credenciais_canopus
    ADD COLUMN lenta_ate     timestamptz,
    ADD COLUMN lenta_sessoes int,
    ADD COLUMN lenta_vazao   float8;

-- What failed for reasons that pass is tried again by itself, in rounds with growing pauses.

ALTER TABLE pontos_venda
    ADD COLUMN recuperacao_rodadas   int NOT NULL DEFAULT 0 CHECK (recuperacao_rodadas BETWEEN 0 AND 10),
    -- Before the first round; each later pause is twice the one before.
    ADD COLUMN recuperacao_pausa_min int NOT NULL DEFAULT 30 CHECK (recuperacao_pausa_min BETWEEN 1 AND 1440);

ALTER TABLE execucoes_automacao
    -- Which round this execution is, of how many; 0: none.
    ADD COLUMN rodada         int NOT NULL DEFAULT 0,
    ADD COLUMN rodadas        int NOT NULL DEFAULT 0,
    -- When the next round begins, and the execution that it became.
    ADD COLUMN recuperacao_em timestamptz,
    ADD COLUMN recuperada_por uuid;
CREATE INDEX execucoes_a_recuperar ON execucoes_automacao (recuperacao_em) WHERE recuperacao_em IS NOT NULL;

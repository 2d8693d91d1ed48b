-- The prediction of failures: what was learned from the office's own log, and how it was judged. No row names a person.

CREATE TABLE treinos (
    id            bigserial PRIMARY KEY,
    pedido_em     timestamptz NOT NULL DEFAULT now(),
    respondido_em timestamptz,
    -- Tries that it was to learn from.
    linhas        int         NOT NULL,
    juizo         jsonb,
    -- Weights by factor; null: it stays silent.
    modelo        jsonb,
    erro          text
);

-- A new execution begins with the contracts that risk least.
ALTER TABLE pontos_venda ADD COLUMN ordem_risco boolean NOT NULL DEFAULT false;

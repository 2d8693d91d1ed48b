-- What a person entered by hand is remembered by field, so that no workbook overwrites it; and a question to another
-- service knows when it was last asked, so that silence is noticed.

ALTER TABLE clientes_finais ADD COLUMN editados text[] NOT NULL DEFAULT '{}';

ALTER TABLE pedidos
    ADD COLUMN perguntado_em timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN perguntas     int         NOT NULL DEFAULT 1;
CREATE INDEX pedidos_sem_resposta ON pedidos (perguntado_em) WHERE respondido_em IS NULL;

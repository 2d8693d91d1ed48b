-- A contract's row is of its execution's ponto de venda: one look-up and one lock a row in place of two.

ALTER TABLE execucoes_automacao ADD UNIQUE (id, ponto_venda_id);
ALTER TABLE log_downloads_boletos
    DROP CONSTRAINT log_downloads_boletos_execucao_id_fkey,
    DROP CONSTRAINT log_downloads_boletos_ponto_venda_id_fkey,
    ADD FOREIGN KEY (execucao_id, ponto_venda_id) REFERENCES execucoes_automacao (id, ponto_venda_id) ON DELETE CASCADE;

-- Statistics count what ended in a span of time, and need little more of a row than this.
CREATE INDEX itens_terminados ON log_downloads_boletos (finalizado_em) INCLUDE (ponto_venda_id, consultor_id, status, codigo)
    WHERE finalizado_em IS NOT NULL;

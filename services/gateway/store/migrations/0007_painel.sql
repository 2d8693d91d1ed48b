-- What the dashboard asks for: the last outcome of each contract found at once, and provisional passwords that expire.

CREATE INDEX itens_ultimos ON log_downloads_boletos (cpf, ponto_venda_id, id DESC) WHERE finalizado_em IS NOT NULL;

ALTER TABLE pessoas ADD COLUMN senha_expira_em timestamptz;
UPDATE pessoas SET senha_expira_em = now() + interval '7 days' WHERE trocar_senha;

-- What the dashboard asks for: the last outcome of each contract found at once, names of people at their full length,
-- and provisional passwords that expire.

CREATE INDEX itens_ultimos ON log_downloads_boletos (cpf, ponto_venda_id, id DESC) WHERE finalizado_em IS NOT NULL;

-- Who asked: the kind of caller and its number stand beside the name.
ALTER TABLE execucoes_automacao ALTER COLUMN usuario_execucao TYPE text;
ALTER TABLE planilhas ALTER COLUMN importada_por TYPE text;

ALTER TABLE pessoas ADD COLUMN senha_expira_em timestamptz;
UPDATE pessoas SET senha_expira_em = now() + interval '7 days' WHERE trocar_senha;

-- What the dashboard asks for: provisional passwords that expire.

ALTER TABLE pessoas ADD COLUMN senha_expira_em timestamptz;
UPDATE pessoas SET senha_expira_em = now() + interval '7 days' WHERE trocar_senha;

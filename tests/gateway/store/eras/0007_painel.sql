UPDATE pessoas SET senha_expira_em = now();
UPDATE log_downloads_boletos SET capturado_em = now() WHERE id = 1;

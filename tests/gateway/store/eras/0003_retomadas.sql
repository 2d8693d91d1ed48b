UPDATE log_downloads_boletos SET historico_antes = 1 WHERE id = 2;
UPDATE execucoes_automacao SET pausa_mantida = true WHERE id = 2;

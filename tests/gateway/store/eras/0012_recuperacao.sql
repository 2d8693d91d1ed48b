UPDATE pontos_venda SET recuperacao_rodadas = 3;
UPDATE execucoes_automacao SET rodadas = 3, recuperacao_em = now() + interval '1 day' WHERE id = 1;

UPDATE execucoes_automacao SET recuperacao_dispensada = true WHERE tipo = 'agendada';

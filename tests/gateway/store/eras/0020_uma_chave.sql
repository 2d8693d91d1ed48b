INSERT INTO execucoes_automacao (tipo, ponto_venda_id, status, total_clientes, cancelados, finalizado_em)
SELECT 'agendada', id, 'cancelada', 1, 1, now() FROM pontos_venda WHERE nome = 'Filial';
INSERT INTO log_downloads_boletos (execucao_id, automacao_id, ponto_venda_id, cpf, status)
SELECT id, automacao_id, ponto_venda_id, (SELECT min(cpf) FROM clientes_finais), 'cancelado'
FROM execucoes_automacao WHERE tipo = 'agendada';

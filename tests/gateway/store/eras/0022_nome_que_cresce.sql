INSERT INTO consultores (nome, nome_limpo, empresa, ponto_venda_id, pasta_boletos)
SELECT repeat('ß', 60), repeat('SS', 60), empresa, id, 'Groß' FROM pontos_venda WHERE nome = 'Filial';

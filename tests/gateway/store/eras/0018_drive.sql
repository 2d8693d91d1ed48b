INSERT INTO espelhos (nome, destino, endereco, segredo) VALUES ('Drive', 'drive://pasta-1', 'https://www.googleapis.com', 'cifrado');
INSERT INTO lugares (espelho_id, chave, externo_id)
SELECT id, repeat('a', 64), 'arquivo-1' FROM espelhos WHERE nome = 'Drive';

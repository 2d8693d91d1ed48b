INSERT INTO canais (nome, tipo, servico, pede_endereco, segredos) VALUES ('zap', 'whatsapp', 'WhatsApp', true, 'cifrado');
INSERT INTO destinatarios (pessoa_id, canal_id, endereco) SELECT min(id), 1, '5567999990000' FROM pessoas;
INSERT INTO avisos (destinatario_id, canal_id, evento_id, tipo, titulo, texto) VALUES (1, 1, 'e:1', 'execucao.encerrada', 't', 'x');

INSERT INTO pessoas (email, nome, senha_hash, escopo, todos_pontos_venda) VALUES ('a@b.c', 'A', 'h', 'admin', true);
INSERT INTO pessoas_pontos_venda VALUES (1, 1);
INSERT INTO chaves_api (nome, escopo, sha256, pessoa_id, csrf, expira_em)
VALUES ('A', 'admin', repeat('f', 64), 1, 'x', now());
UPDATE pedidos SET parametros = '{"alcance": [1]}';

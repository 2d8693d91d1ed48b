INSERT INTO empresas (codigo, nome, max_sessoes) VALUES ('filial', 'Filial D''Ávila', 3);
INSERT INTO pontos_venda (codigo, nome, empresa, url_base, empresa_id) VALUES ('17.308', 'Filial', 'outra', 'http://127.0.0.1:9', 2);

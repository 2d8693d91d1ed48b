INSERT INTO espelhos (nome, destino, endereco, regiao, chave, segredo, falhas, erro, espera_de, espera_ate)
VALUES ('Nuvem', 's3://balde/canopus', 'https://s3.sa-east-1.amazonaws.com', 'sa-east-1', 'AKIA', 'cifrado', 1, 'O balde recusou o acesso (403).', now(), now());
INSERT INTO copias (espelho_id, caminho, sha256, tamanho, tentativas, tentada_em, feita_em)
SELECT 1, arquivo_caminho, arquivo_sha256, arquivo_tamanho, 1, now(), now() FROM boletos;
INSERT INTO copias (espelho_id, caminho, erro) VALUES (1, 'ANTIGA/REMOVIDA_MAIO.pdf', 'O balde recusou o acesso (403).');

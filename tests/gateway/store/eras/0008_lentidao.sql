INSERT INTO medidas_busca (credencial_id, sessoes, ms) VALUES (1, 2, 900);
UPDATE credenciais_canopus SET reduzida_ate = now(), lenta_ate = now(), lenta_sessoes = 2, lenta_vazao = 0.5;

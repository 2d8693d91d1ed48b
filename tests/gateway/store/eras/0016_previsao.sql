UPDATE pontos_venda SET ordem_risco = true;
INSERT INTO treinos (linhas, respondido_em, juizo) VALUES (12, now(), '{"motivo": "poucas_linhas", "linhas": 12, "falhas": 1}');

INSERT INTO agendamentos (nome, ponto_venda_id, mes, regra, fuso, perdidos, proxima_em, criado_por)
VALUES ('Todo dia 5', 1, 'proximo', '{"tipo": "dia_do_mes", "dia": 5, "hora": "08:00"}', 'America/Sao_Paulo', 'recuperar',
    '2126-12-05 08:00-03', 'ana');
INSERT INTO disparos (agendamento_id, previsto_para, resultado, execucao_id) VALUES (1, '2026-11-05 08:00-03', 'enviado', 1);

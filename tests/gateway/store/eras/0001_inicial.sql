-- Rows in every table, as the first version wrote them.
INSERT INTO pontos_venda (codigo, nome, empresa, url_base) VALUES ('17.308', 'Matriz', 'credms', 'http://127.0.0.1:9');
INSERT INTO consultores (nome, nome_limpo, empresa, ponto_venda_id, pasta_boletos)
VALUES ('Márta', 'MARTA', 'credms', 1, 'Márta');
INSERT INTO credenciais_canopus (ponto_venda_id, usuario, senha_encrypted) VALUES (1, '17308', 'cifrada');
INSERT INTO planilhas (consultor_id, nome_arquivo, caminho, sha256, tamanho, total, importados, atualizados, inativos,
    ignorados, importada_por) VALUES (1, 'M.xlsx', '_interno/planilhas/x', repeat('a', 64), 1, 2, 2, 0, 0, 0, 'ana');
INSERT INTO clientes_finais (nome_completo, cpf, grupo_consorcio, cota_consorcio, ponto_venda_id, consultor_id,
    planilha_id, linha_planilha, whatsapp)
VALUES ('ANA D''ÁVILA ÇA', '10000003700', 6650, 1, 1, 1, 1, 14, '(67) 9'),
       ('BIA', '10000007455', NULL, NULL, 1, 1, 1, 15, NULL);
INSERT INTO execucoes_automacao (tipo, ponto_venda_id, status, total_clientes, processados_sucesso, processados_erro,
    seq, parametros, usuario_execucao, iniciado_em, finalizado_em)
VALUES ('download_boletos', 1, 'concluida_com_falhas', 2, 1, 1, 2, '{"mes": 11, "ano": 2026}', 'ana', '2026-11-20 12:00-03',
    '2026-11-20 12:00-03');
INSERT INTO execucoes_automacao (tipo, ponto_venda_id, origem_id, status, total_clientes, pendentes, seq)
VALUES ('reprocessamento', 1, 1, 'pausada', 1, 1, 1);
INSERT INTO boletos (ponto_venda_id, cliente_final_id, consultor_id, cpf, nome_cliente, grupo, cota, mes_referencia,
    ano_referencia, data_vencimento, valor_original, arquivo_caminho, arquivo_sha256, arquivo_tamanho, automacao_id)
SELECT 1, 1, 1, '10000003700', 'ANA D''ÁVILA ÇA', 6650, 1, 11, 2026, '2026-11-10', 812.45, 'Márta/ANA_NOVEMBRO.pdf',
    repeat('b', 64), 10, automacao_id FROM execucoes_automacao WHERE id = 1;
INSERT INTO log_downloads_boletos (execucao_id, automacao_id, ponto_venda_id, cliente_final_id, consultor_id, boleto_id,
    cpf, nome_cliente, grupo, cota, status, etapa, codigo, tentativas, historico, duracoes_s, arquivo_caminho,
    iniciado_em, finalizado_em)
SELECT 1, automacao_id, 1, 1, 1, 1, '10000003700', 'ANA', 6650, 1, 'sucesso', 'arquivado', NULL, 0, '[]'::jsonb,
    '{"buscando": 1.5}'::jsonb, 'Márta/ANA_NOVEMBRO.pdf', '2026-11-20 12:00-03'::timestamptz,
    '2026-11-20 12:00-03'::timestamptz FROM execucoes_automacao WHERE id = 1
UNION ALL SELECT 1, automacao_id, 1, 2, 1, NULL, '10000007455', 'BIA', NULL, NULL, 'erro', 'buscando', 'portal.mudou', 2,
    jsonb_build_array(jsonb_build_object('tentativa', 1, 'codigo', 'portal.mudou', 'mensagem', 'x', 'etapa', 'buscando',
    'em', '2026-11-20T12:00:00-03:00')), '{}'::jsonb, NULL, '2026-11-20 12:00-03'::timestamptz,
    '2026-11-20 12:00-03'::timestamptz FROM execucoes_automacao WHERE id = 1
UNION ALL SELECT 2, automacao_id, 1, 2, 1, NULL, '10000007455', 'BIA', NULL, NULL, 'pendente', 'na_fila', NULL, 0,
    '[]'::jsonb, '{}'::jsonb, NULL, NULL, NULL FROM execucoes_automacao WHERE id = 2;
INSERT INTO eventos (execucao_id, seq, corpo) VALUES (1, 1, '{"seq":1}'), (1, 2, '{"seq":2}'), (2, 1, '{"seq":1}');
INSERT INTO outbox (rota, corpo) VALUES ('novas.execucao.evento', '{}');
INSERT INTO servicos (id, tipo, fila, capacidade) VALUES ('s1', 'scraper', 'scraper.s1', 2);
INSERT INTO concessoes (credencial_id, slot, scraper_id, fila, expira_em) VALUES (1, 0, 's1', 'scraper.s1', now());
INSERT INTO portais (url_base) VALUES ('http://127.0.0.1:9');
INSERT INTO chaves_api (nome, escopo, sha256) VALUES ('crm', 'operador', repeat('c', 64));
INSERT INTO bilhetes VALUES (repeat('d', 64), 1, NULL, 'http://crm', now());
INSERT INTO idempotencia (chave_id, chave, corpo_sha256, automacao_id)
VALUES (1, 'k', repeat('e', 64), gen_random_uuid());
INSERT INTO auditoria (quem, acao, alvo) VALUES ('ana', 'planilha.importar', 'planilhas/1');
INSERT INTO pedidos (tipo, parametros, criado_por) VALUES ('testar', '{"acesso_id": 1}', 'ana');

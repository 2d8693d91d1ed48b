-- One person in every table of one office: found, taken along, erased. $1 is the bare document wherever it is not said
-- otherwise.

-- name: lock
-- Readers go on; whoever writes waits, so that nothing of this person comes in between.
LOCK TABLE execucoes_automacao, clientes_finais, log_downloads_boletos, boletos, eventos, planilhas, pedidos, outbox, auditoria
IN EXCLUSIVE MODE;

-- name: list_em_andamento
SELECT DISTINCT e.automacao_id FROM log_downloads_boletos l JOIN execucoes_automacao e ON e.id = l.execucao_id
WHERE (l.cpf = $1 OR l.cliente_final_id IN (SELECT id FROM clientes_finais WHERE cpf = $1))
  AND (l.status IN ('pendente', 'processando') OR e.status IN ('na_fila', 'em_andamento', 'pausada', 'bloqueada'));

-- name: list_clientes
SELECT * FROM clientes_finais WHERE cpf = $1 ORDER BY id;

-- name: list_itens
-- Under another document too, as long as it is the same client: a CPF may have been put right.
SELECT * FROM log_downloads_boletos
WHERE cpf = $1 OR cliente_final_id IN (SELECT id FROM clientes_finais WHERE cpf = $1) ORDER BY id;

-- name: list_boletos
SELECT * FROM boletos
WHERE cpf = $1 OR cliente_final_id IN (SELECT id FROM clientes_finais WHERE cpf = $1) ORDER BY id;

-- name: list_vizinhos
-- Rows of others in which this person was met (the portal served the wrong document). $1 masked, $2 rows not meant.
SELECT id, quarentena, evidencia FROM log_downloads_boletos
WHERE id <> ALL ($2::bigint[]) AND (strpos(mensagem_erro, $1) > 0 OR strpos(historico::text, $1) > 0);

-- name: list_relatorios
SELECT arquivo, parametros -> 'arquivo' AS dados FROM pedidos WHERE tipo = 'relatorio';

-- name: list_alheios
-- In every office. Of these files the ones that others than $2 (rows) and $3 (document) still need: equal bytes are one file.
SELECT DISTINCT u.caminho FROM (
    SELECT e.corpo ->> 'caminho' AS caminho FROM log_downloads_boletos l, jsonb_array_elements(l.evidencia) AS e (corpo)
    WHERE l.id <> ALL ($2::bigint[])
    UNION ALL SELECT e.corpo ->> 'caminho' FROM credenciais_canopus c, jsonb_array_elements(c.parada_evidencia) AS e (corpo)
    UNION ALL SELECT quarentena ->> 'caminho' FROM log_downloads_boletos WHERE id <> ALL ($2)
    UNION ALL SELECT captura ->> 'caminho' FROM log_downloads_boletos WHERE id <> ALL ($2)
    UNION ALL SELECT arquivo_caminho FROM boletos WHERE id <> ALL ($3::bigint[])
) u WHERE u.caminho = ANY ($1::text[]);

-- name: list_planilhas
SELECT DISTINCT ON (caminho) id, caminho, sha256, tamanho FROM planilhas ORDER BY caminho, id;

-- name: replace_planilha
UPDATE planilhas SET caminho = $2, sha256 = $3, tamanho = $4 WHERE caminho = $1;

-- name: clear_itens
-- The row stays, for the counts. $1 rows, $2 the document of nobody.
UPDATE log_downloads_boletos
SET cpf = $2, nome_cliente = NULL, grupo = NULL, cota = NULL, cliente_final_id = NULL, boleto_id = NULL,
    arquivo_nome = NULL, arquivo_caminho = NULL, arquivo_tamanho = NULL, captura = NULL, despacho = NULL, cerca = NULL,
    dados_boleto = CASE WHEN dados_boleto ->> 'recuo' IS NOT NULL
                        THEN jsonb_build_object('recuo', dados_boleto -> 'recuo') END
WHERE id = ANY ($1::bigint[]);

-- name: clear_falhas
-- What was seen of a failure becomes what its codigo says. $1 rows, $2 codigo → text.
UPDATE log_downloads_boletos
SET quarentena = NULL, evidencia = '[]', mensagem_erro = CASE WHEN mensagem_erro IS NOT NULL THEN $2::jsonb ->> codigo END,
    historico = (SELECT coalesce(jsonb_agg(t.corpo || jsonb_build_object('mensagem', coalesce($2 ->> (t.corpo ->> 'codigo'), ''))
                                           ORDER BY t.ordem), '[]')
                 FROM jsonb_array_elements(historico) WITH ORDINALITY AS t (corpo, ordem))
WHERE id = ANY ($1::bigint[]);

-- name: clear_eventos
-- Their numbers, states and counters stay. $1 rows, $2 what replaces the client's fields, $3 codigo → text.
UPDATE eventos v
SET corpo = (v.corpo::jsonb || jsonb_build_object('cliente', v.corpo::jsonb -> 'cliente' || $2::jsonb || jsonb_build_object(
        'mensagem', $3::jsonb -> (v.corpo::jsonb #>> '{cliente,codigo}'), 'evidencias', '[]'::jsonb)))::text
WHERE v.execucao_id IN (SELECT execucao_id FROM log_downloads_boletos WHERE id = ANY ($1::bigint[]))
  AND (v.corpo::jsonb #>> '{cliente,id}')::bigint = ANY ($1);

-- name: delete_boletos
DELETE FROM boletos WHERE id = ANY ($1::bigint[]);

-- name: delete_entregas
-- What other systems were to be told, or were told, of these boletos.
DELETE FROM webhooks_entregas WHERE boleto_id = ANY ($1::bigint[]);

-- name: delete_clientes
DELETE FROM clientes_finais WHERE cpf = $1;

-- name: delete_mensagens
-- $1 words; $2 rows: about a contract of another office the message stays.
DELETE FROM outbox o
WHERE EXISTS (SELECT FROM unnest($1::text[]) AS d (dizer) WHERE strpos(o.corpo, d.dizer) > 0)
  AND coalesce((o.corpo::jsonb #>> '{tarefa,item_id}')::bigint = ANY ($2::bigint[]), true);

-- name: delete_relatorios
DELETE FROM pedidos WHERE tipo = 'relatorio';

-- name: clear_auditoria
-- Which fields were changed stays, what was written into them goes. $1 ids of clients.
UPDATE auditoria SET detalhes = (SELECT coalesce(jsonb_object_agg(chave, NULL), '{}') FROM jsonb_object_keys(detalhes) AS k (chave))
WHERE alvo = ANY ($1::text[]);

-- What people and services write freely may name anyone: $1 a pattern, $2 what replaces it.

-- name: scrub_auditoria
UPDATE auditoria SET alvo = regexp_replace(alvo, $1, $2, 'gi'), detalhes = regexp_replace(detalhes::text, $1, $2, 'gi')::jsonb
WHERE alvo ~* $1 OR detalhes::text ~* $1;

-- name: scrub_entregas
UPDATE webhooks_entregas
SET corpo = regexp_replace(corpo, $1, $2, 'gi'), resposta = regexp_replace(resposta, $1, $2, 'gi')
WHERE corpo ~* $1 OR resposta ~* $1;

-- name: scrub_planilhas
UPDATE planilhas
SET nome_arquivo = left(regexp_replace(nome_arquivo, $1, $2, 'gi'), 255), erros = regexp_replace(erros::text, $1, $2, 'gi')::jsonb
WHERE nome_arquivo ~* $1 OR erros::text ~* $1;

-- name: scrub_pedidos
UPDATE pedidos
SET parametros = regexp_replace(parametros::text, $1, $2, 'gi')::jsonb, passos = regexp_replace(passos::text, $1, $2, 'gi')::jsonb,
    resposta = regexp_replace(resposta::text, $1, $2, 'gi')::jsonb
WHERE parametros::text ~* $1 OR resposta::text ~* $1 OR passos::text ~* $1;

-- name: scrub_execucoes
UPDATE execucoes_automacao
SET parametros = regexp_replace(parametros::text, $1, $2, 'gi')::jsonb, mensagem_atual = regexp_replace(mensagem_atual, $1, $2, 'gi')
WHERE parametros::text ~* $1 OR mensagem_atual ~* $1;

-- name: scrub_credenciais
UPDATE credenciais_canopus SET mensagem_erro = regexp_replace(mensagem_erro, $1, $2, 'gi') WHERE mensagem_erro ~* $1;

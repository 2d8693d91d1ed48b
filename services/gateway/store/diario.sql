-- The journal of one execution.

-- name: lock_execucao
SELECT * FROM execucoes_automacao WHERE id = $1 FOR UPDATE;

-- name: find_codigo_parado
SELECT codigo FROM log_downloads_boletos WHERE execucao_id = $1 AND parado ORDER BY finalizado_em DESC LIMIT 1;

-- name: insert_eventos
INSERT INTO eventos (execucao_id, seq, corpo)
SELECT $1, n.seq, n.corpo FROM unnest($2::bigint[], $3::text[]) AS n (seq, corpo);

-- name: update_execucao
UPDATE execucoes_automacao
SET seq = $2, status = $3::text, codigo = $4, mensagem_atual = $5, total_clientes = $6,
    pendentes = $7, processando = $8, processados_sucesso = $9, processados_erro = $10,
    processados_nao_encontrado = $11, processados_sem_boleto = $12, ja_baixados = $13, cancelados = $14,
    mudou_etapa = $15, mudou_itens = $16,
    iniciado_em = CASE WHEN $3::text IN ('na_fila', 'pausada', 'cancelada') THEN iniciado_em ELSE coalesce(iniciado_em, now()) END,
    finalizado_em = CASE WHEN $3::text IN ('concluida', 'concluida_com_falhas', 'erro', 'cancelada')
                         THEN coalesce(finalizado_em, now()) END
WHERE id = $1;

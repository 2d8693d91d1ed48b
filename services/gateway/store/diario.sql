-- The journal of one execution.

-- name: lock_execucao
SELECT * FROM execucoes_automacao WHERE id = $1 FOR UPDATE;

-- name: lock_execucao_automacao
SELECT * FROM execucoes_automacao WHERE automacao_id = $1 FOR UPDATE;

-- name: find_codigo_parado
SELECT codigo FROM log_downloads_boletos WHERE execucao_id = $1 AND parado ORDER BY finalizado_em DESC LIMIT 1;

-- name: lock_execucao_item
SELECT * FROM execucoes_automacao
WHERE id = (SELECT execucao_id FROM log_downloads_boletos WHERE id = $1) FOR UPDATE;

-- name: write
-- The execution as it is now, its events, and the wake-up of whoever shows them.
WITH e AS (
    UPDATE execucoes_automacao
    SET seq = $2, status = $3::text, codigo = $4, mensagem_atual = $5, total_clientes = $6,
        pendentes = $7, processando = $8, processados_sucesso = $9, processados_erro = $10,
        processados_nao_encontrado = $11, processados_sem_boleto = $12, ja_baixados = $13, cancelados = $14,
        mudou_etapa = $15, mudou_itens = $16, pausa_mantida = $17,
        iniciado_em = CASE WHEN $3::text IN ('na_fila', 'pausada', 'bloqueada', 'cancelada') THEN iniciado_em
                           ELSE coalesce(iniciado_em, now()) END,
        finalizado_em = CASE WHEN $3::text IN ('concluida', 'concluida_com_falhas', 'erro', 'cancelada')
                             THEN coalesce(finalizado_em, now()) END
    WHERE id = $1
), v AS (
    INSERT INTO eventos (execucao_id, seq, corpo)
    SELECT $1, $2 - cardinality($18::text[]) + n.ordem, n.corpo
    FROM unnest($18::text[]) WITH ORDINALITY AS n (corpo, ordem)
)
INSERT INTO outbox (rota, corpo) VALUES ($19, $20);

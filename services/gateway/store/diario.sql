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

-- name: plan_rodada
-- When what failed of an execution that ends for reasons that pass ($2, with their children) is tried again: each pause is
-- twice the one before, a day at most. Nothing: there is none, no round is left, one began already, or a person called it
-- off.
SELECT p.recuperacao_rodadas AS rodadas,
       now() + make_interval(mins => least(p.recuperacao_pausa_min * 2 ^ e.rodada, 1440)::int) AS em
FROM execucoes_automacao e
JOIN pontos_venda p ON p.id = e.ponto_venda_id
WHERE e.id = $1 AND e.tipo <> 'teste' AND e.rodada < p.recuperacao_rodadas AND e.recuperada_por IS NULL
  AND NOT e.recuperacao_dispensada
  AND EXISTS (SELECT FROM log_downloads_boletos l, unnest($2::text[]) AS k
              WHERE l.execucao_id = e.id AND l.status = 'erro' AND (l.codigo = k OR starts_with(l.codigo, k || '.')));

-- name: write_eventos
-- Those up to seq $2.
INSERT INTO eventos (execucao_id, seq, corpo, empresa_id)
SELECT x.id, $2 - cardinality($3::text[]) + n.ordem, n.corpo, x.empresa_id
FROM execucoes_automacao x, unnest($3::text[]) WITH ORDINALITY AS n (corpo, ordem)
WHERE x.id = $1

-- name: write
-- The execution as it is now, its events, and the wake-up of whoever shows them.
WITH e AS (
    UPDATE execucoes_automacao
    SET seq = $2, status = $4::text, codigo = $5, mensagem_atual = $6, total_clientes = $7,
        pendentes = $8, processando = $9, processados_sucesso = $10, processados_erro = $11,
        processados_nao_encontrado = $12, processados_sem_boleto = $13, ja_baixados = $14, cancelados = $15,
        mudou_etapa = $16, mudou_itens = $17, pausa_mantida = $18,
        rodadas = $21, recuperacao_em = $22, recuperada_por = $23, recuperacao_dispensada = $24,
        iniciado_em = CASE WHEN $4::text IN ('na_fila', 'pausada', 'bloqueada', 'cancelada') THEN iniciado_em
                           ELSE coalesce(iniciado_em, now()) END,
        finalizado_em = CASE WHEN $4::text IN ('concluida', 'concluida_com_falhas', 'erro', 'cancelada')
                             THEN coalesce(finalizado_em, now()) END
    WHERE id = $1
), v AS (
    {write_eventos}
)
INSERT INTO outbox (rota, corpo) VALUES ($19, $20);

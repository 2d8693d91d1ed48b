-- Cancelling, pausing and resuming an execution.

-- name: find_id
SELECT id FROM execucoes_automacao WHERE automacao_id = $1;

-- name: lock_pendentes
SELECT * FROM log_downloads_boletos WHERE execucao_id = $1 AND status = 'pendente' ORDER BY id FOR UPDATE;

-- name: lock_sem_sessao
-- What waits, and what was being logged in for when the credential stopped: its lease is gone.
SELECT * FROM log_downloads_boletos l
WHERE execucao_id = $1 AND (status = 'pendente' OR status = 'processando' AND EXISTS (
    SELECT FROM concessoes c WHERE c.cerca = l.cerca AND c.motivo = 'parada'))
ORDER BY id FOR UPDATE;

-- name: lock_parados
SELECT * FROM log_downloads_boletos WHERE execucao_id = $1 AND parado ORDER BY id FOR UPDATE;

-- name: lock_sem_espaco
SELECT * FROM log_downloads_boletos
WHERE execucao_id = $1 AND status = 'erro' AND codigo = 'arquivo.falhou.disco_cheio'
ORDER BY id FOR UPDATE;

-- name: list_desouvidas
-- Executions that were called back and have contracts in a scraper's hands still, as if it had not heard.
SELECT DISTINCT e.automacao_id, CASE e.status WHEN 'pausada' THEN 'pausada' ELSE 'cancelada' END AS motivo,
       (SELECT last_value FROM despachos) AS ate_despacho
FROM log_downloads_boletos l
JOIN execucoes_automacao e ON e.id = l.execucao_id
WHERE l.cerca IS NOT NULL AND (l.status = 'pendente' AND e.status = 'pausada'
                               OR l.status = 'processando' AND e.status IN ('cancelada', 'erro'));

-- name: list_retidas
-- Leases that were asked back a while ago.
SELECT cerca, fila FROM concessoes WHERE encerrada_em IS NULL AND revogada_em < now() - interval '5 seconds' ORDER BY cerca;

-- name: last_despacho
SELECT last_value FROM despachos;

-- name: list_execucoes_paradas
SELECT id FROM execucoes_automacao e
WHERE e.ponto_venda_id = $1 AND e.status IN ('na_fila', 'em_andamento', 'pausada', 'bloqueada')
  AND EXISTS (SELECT FROM log_downloads_boletos l WHERE l.execucao_id = e.id AND l.parado)
ORDER BY id;

-- name: find_ponto_venda
SELECT ponto_venda_id FROM credenciais_canopus WHERE id = $1;

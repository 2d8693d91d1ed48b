-- The last event of executions: what the sockets compare their cursors with.

-- name: list_cabecas
SELECT id, automacao_id, empresa_id, ponto_venda_id, seq, finalizado_em IS NULL AS viva FROM execucoes_automacao ORDER BY id;

-- name: list_cabecas_vivas
-- Those listened to, those under way and those that came later.
SELECT id, automacao_id, empresa_id, ponto_venda_id, seq, finalizado_em IS NULL AS viva FROM execucoes_automacao WHERE id = ANY ($1::bigint[])
UNION
SELECT id, automacao_id, empresa_id, ponto_venda_id, seq, finalizado_em IS NULL AS viva FROM execucoes_automacao
WHERE $2::bigint IS NOT NULL
  AND (id > $2 OR status IN ('na_fila', 'em_andamento', 'pausada', 'bloqueada'))
ORDER BY id;

-- name: find_primeiro_evento
SELECT min(seq) FROM eventos WHERE execucao_id = $1;

-- Schedules and their firings.

-- name: find_agendamento
SELECT a.*, p.codigo AS ponto_venda, c.nome AS consultor
FROM agendamentos a
JOIN pontos_venda p ON p.id = a.ponto_venda_id
LEFT JOIN consultores c ON c.id = a.consultor_id
WHERE a.id = $1 AND ($2::int[] IS NULL OR a.ponto_venda_id = ANY ($2));

-- name: list_agendamentos
SELECT a.*, p.codigo AS ponto_venda, c.nome AS consultor
FROM agendamentos a
JOIN pontos_venda p ON p.id = a.ponto_venda_id
LEFT JOIN consultores c ON c.id = a.consultor_id
WHERE ($1::int[] IS NULL OR a.ponto_venda_id = ANY ($1))
  AND ($2::boolean IS NULL OR a.ativo = $2)
  AND a.id > $3
ORDER BY a.id
LIMIT $4;

-- name: insert_agendamento
INSERT INTO agendamentos (nome, ponto_venda_id, consultor_id, mes, regra, fuso, perdidos, ativo, proxima_em, criado_por)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id;

-- name: lock_agendamento
SELECT FROM agendamentos WHERE id = $1 FOR UPDATE;

-- name: update_agendamento
UPDATE agendamentos a
SET (nome, ponto_venda_id, consultor_id, mes, regra, fuso, perdidos, ativo, proxima_em, adiado_em) =
        (SELECT n.nome, n.ponto_venda_id, n.consultor_id, n.mes, n.regra, n.fuso, n.perdidos, n.ativo, n.proxima_em,
                n.adiado_em
         FROM jsonb_populate_record(a, $2::jsonb) n),
    updated_at = now()
WHERE a.id = $1;

-- name: delete_agendamento
DELETE FROM agendamentos WHERE id = $1;

-- name: list_devidos
-- Those of an office that is switched off wait until it is on again.
SELECT a.id, a.empresa_id, a.regra
FROM agendamentos a
JOIN empresas e ON e.id = a.empresa_id AND e.ativa
WHERE a.ativo AND a.proxima_em <= $1
ORDER BY a.proxima_em, a.id;

-- name: list_planejados
SELECT id, empresa_id, regra FROM agendamentos WHERE ativo AND proxima_em > $1;

-- name: take_planejado
-- desde: from when on its next firing is counted; disparado: that is a firing of the rule as it stands.
SELECT a.*, least($2, greatest(a.updated_at, u.previsto_para)) AS desde, u.previsto_para > a.updated_at AS disparado
FROM agendamentos a
CROSS JOIN LATERAL (SELECT max(d.previsto_para) AS previsto_para FROM disparos d
                    WHERE d.agendamento_id = a.id AND d.quem IS NULL) u
WHERE a.id = $1 AND a.ativo AND a.proxima_em > $2
FOR UPDATE OF a SKIP LOCKED;

-- name: take_devido
-- Another gateway at work on it is left alone; what it made of it is seen afterwards.
SELECT * FROM agendamentos WHERE id = $1 AND ativo AND proxima_em <= $2 FOR UPDATE SKIP LOCKED;

-- name: lock_ponto_venda
-- Two firings of one ponto de venda see each other's execution.
SELECT pg_advisory_xact_lock(hashtext('agendamento'), $1);

-- name: find_execucao_ativa
SELECT automacao_id FROM execucoes_automacao
WHERE ponto_venda_id = $1 AND status IN ('na_fila', 'em_andamento', 'pausada', 'bloqueada')
ORDER BY id LIMIT 1;

-- name: has_disparo
SELECT EXISTS (SELECT FROM disparos WHERE agendamento_id = $1 AND previsto_para = $2 AND quem IS NULL);

-- name: hold_agendamento
UPDATE agendamentos SET adiado_em = $2 WHERE id = $1;

-- name: advance_agendamento
UPDATE agendamentos SET proxima_em = $2, adiado_em = NULL WHERE id = $1;

-- name: insert_disparo
INSERT INTO disparos (agendamento_id, previsto_para, perdidos_desde, feito_em, quem, resultado, codigo, mensagem, execucao_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT id FROM execucoes_automacao WHERE automacao_id = $9));

-- name: list_disparos
SELECT d.*, e.automacao_id, e.status
FROM disparos d
LEFT JOIN execucoes_automacao e ON e.id = d.execucao_id
WHERE d.agendamento_id = $1 AND ($2::bigint IS NULL OR d.id < $2)
ORDER BY d.id DESC
LIMIT $3;

-- name: list_ultimos
SELECT DISTINCT ON (d.agendamento_id) d.*, e.automacao_id, e.status
FROM disparos d
LEFT JOIN execucoes_automacao e ON e.id = d.execucao_id
WHERE d.agendamento_id = ANY ($1::int[])
ORDER BY d.agendamento_id, d.id DESC;

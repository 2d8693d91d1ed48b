-- Work asked of another service, whose answer may come after the call or after a restart.

-- name: is_servico_alive
SELECT EXISTS (SELECT FROM servicos WHERE tipo = $1 AND NOT parando AND visto_em > now() - $2::interval);

-- name: insert_pedido
INSERT INTO pedidos (id, tipo, parametros, credencial_id, ponto_venda_id, criado_por)
VALUES ($1, $2, $3::jsonb, $4, $5, $6);

-- name: find_pedido
SELECT * FROM pedidos WHERE id = $1 AND ($2::int[] IS NULL OR ponto_venda_id = ANY ($2));

-- name: lock_pedido
SELECT * FROM pedidos WHERE id = $1 AND respondido_em IS NULL FOR UPDATE;

-- name: answer_pedido
UPDATE pedidos SET status_http = $2, resposta = $3::jsonb, arquivo = $4::jsonb, respondido_em = now()
WHERE id = $1 AND respondido_em IS NULL;

-- name: set_passos
UPDATE pedidos SET passos = $2::jsonb
WHERE id = $1 AND respondido_em IS NULL AND jsonb_array_length(passos) < jsonb_array_length($2::jsonb);

-- name: delete_pedido
DELETE FROM pedidos WHERE id = $1;

-- name: lock_teste
SELECT pg_advisory_xact_lock(hashtext('canopus.testar'), $1);

-- name: find_teste_aberto
SELECT id FROM pedidos
WHERE tipo = 'testar' AND credencial_id = $1 AND respondido_em IS NULL AND criado_em > now() - $2::interval
ORDER BY criado_em DESC
LIMIT 1;

-- name: lock_silenciosos
SELECT * FROM pedidos
WHERE respondido_em IS NULL AND perguntado_em < now() - $1::interval
ORDER BY criado_em
LIMIT 20
FOR UPDATE SKIP LOCKED;

-- name: mark_perguntado
UPDATE pedidos SET perguntado_em = now(), perguntas = perguntas + 1 WHERE id = $1;

-- name: delete_velhos
DELETE FROM pedidos WHERE respondido_em < now() - $1::interval;

-- name: list_arquivos_em_uso
-- $1: a question that does not count.
SELECT caminho FROM planilhas
UNION SELECT arquivo ->> 'caminho' FROM pedidos WHERE arquivo IS NOT NULL AND id IS DISTINCT FROM $1
UNION SELECT parametros -> 'arquivo' ->> 'caminho' FROM pedidos WHERE parametros ? 'arquivo' AND id IS DISTINCT FROM $1;

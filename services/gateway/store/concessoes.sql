-- Leases: sessions of credentials, held by scrapers.

-- name: end_concessao
UPDATE concessoes SET encerrada_em = now(), motivo = $2 WHERE cerca = $1 AND encerrada_em IS NULL RETURNING credencial_id;

-- name: is_teste_aberto
SELECT EXISTS (SELECT FROM concessoes c JOIN pedidos p ON p.id = c.pedido_id
               WHERE c.cerca = $1 AND c.encerrada_em IS NULL AND p.respondido_em IS NULL);

-- name: note_aberta
UPDATE concessoes SET aberta = true WHERE cerca = $1 AND NOT aberta;

-- name: list_vivas
SELECT cerca, fila FROM concessoes WHERE credencial_id = $1 AND encerrada_em IS NULL AND revogada_em IS NULL;

-- name: revoke
UPDATE concessoes SET revogada_em = now() WHERE cerca = ANY ($1::bigint[]) AND revogada_em IS NULL;

-- name: expire
UPDATE concessoes SET encerrada_em = expira_em, motivo = 'vencida'
WHERE encerrada_em IS NULL AND expira_em < now()
RETURNING cerca;

-- name: list_prazos
SELECT cerca, expira_em, extract(epoch FROM expira_em - now())::float8 AS resta_s FROM concessoes WHERE encerrada_em IS NULL;

-- name: end_vencidas
-- Not those that were renewed since they were looked at.
UPDATE concessoes c SET encerrada_em = least(c.expira_em, now()), motivo = 'vencida'
FROM unnest($1::bigint[], $2::timestamptz[]) AS v (cerca, expira_em)
WHERE c.cerca = v.cerca AND c.expira_em = v.expira_em AND c.encerrada_em IS NULL;

-- name: end_all
UPDATE concessoes SET encerrada_em = now(), motivo = 'reinício' WHERE encerrada_em IS NULL;

-- name: renew
-- A lease revoked long ago whose holder has nothing in hand and does not give it back is left to expire.
UPDATE concessoes c
SET expira_em = now() + make_interval(secs => $4), ociosa_desde = now() - make_interval(secs => p.ociosa_s)
FROM unnest($2::bigint[], $3::float8[]) AS p (cerca, ociosa_s)
WHERE c.cerca = p.cerca AND c.scraper_id = $1 AND c.encerrada_em IS NULL
  AND (c.revogada_em IS NULL OR c.revogada_em > now() - interval '2 minutes'
       OR EXISTS (SELECT FROM log_downloads_boletos l WHERE l.cerca = c.cerca AND l.status = 'processando'))
RETURNING c.cerca;

-- name: note_scraper
INSERT INTO servicos (id, tipo, fila, capacidade, parando, visto_em) VALUES ($1, 'scraper', $2, $3, $4, now())
ON CONFLICT (id) DO UPDATE SET fila = $2, capacidade = $3, parando = $4, visto_em = now();

-- name: note_namer
INSERT INTO servicos (id, tipo, visto_em) VALUES ($1, 'namer', now())
ON CONFLICT (id) DO UPDATE SET visto_em = now();

-- name: list_orfaos
-- Rows that nobody works at: sent under a lease that has ended $1 seconds ago (what its holder still had to say has come
-- by now) or is gone; or lost on their way, since the holder, heard of lately, has had nothing in hand for $2 seconds.
SELECT l.execucao_id, array_agg(l.id ORDER BY l.id) AS ids, array_agg(DISTINCT l.cerca) AS cercas
FROM log_downloads_boletos l
LEFT JOIN concessoes c ON c.cerca = l.cerca
WHERE l.cerca IS NOT NULL AND l.status IN ('pendente', 'processando')
  AND (c.cerca IS NULL OR c.encerrada_em <= now() - make_interval(secs => $1)
       OR c.encerrada_em IS NULL AND c.expira_em > now()
          AND greatest(l.enviado_em, c.ociosa_desde) < now() - make_interval(secs => $2))
GROUP BY l.execucao_id
ORDER BY l.execucao_id;

-- name: lock_orfaos
SELECT * FROM log_downloads_boletos
WHERE id = ANY ($1::bigint[]) AND cerca = ANY ($2::bigint[]) AND status IN ('pendente', 'processando')
ORDER BY id FOR UPDATE;

-- name: delete_velhas
DELETE FROM concessoes WHERE encerrada_em < now() - interval '1 day';

-- name: find_ponto_venda
SELECT ponto_venda_id FROM credenciais_canopus WHERE id = $1;

-- name: forget_servicos
DELETE FROM servicos;

-- name: drop_mensagens
-- To queues that died with their scrapers.
DELETE FROM outbox WHERE fila LIKE 'scraper.%';

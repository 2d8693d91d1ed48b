-- What may start now: leases and tasks. Every statement runs under the dispatcher's advisory lock, and none waits for a
-- row: what another transaction holds is left for the next round.

-- name: lock
SELECT pg_advisory_xact_lock(hashtext('despacho'));

-- name: list_scrapers
SELECT s.id, s.fila, s.capacidade,
       (SELECT count(*) FROM concessoes c WHERE c.scraper_id = s.id AND c.encerrada_em IS NULL)::int AS em_uso
FROM servicos s
WHERE s.tipo = 'scraper' AND NOT s.parando
  AND abs(extract(epoch FROM now() - s.visto_em)) < $1
ORDER BY s.id;

-- name: list_pontos
-- Pontos de venda with work to do. restantes: contracts that still need a session.
SELECT p.id, p.empresa_id, p.codigo, p.url_base, sum(e.pendentes)::int AS pendentes, count(*)::int AS execucoes,
       (sum(e.pendentes) + (SELECT count(*) FROM log_downloads_boletos l
                            WHERE l.ponto_venda_id = p.id AND l.cerca IS NOT NULL AND l.status = 'processando'))::int
           AS restantes,
       EXISTS (SELECT FROM credenciais_canopus k
               WHERE k.ponto_venda_id = p.id AND k.ativo AND k.parada_codigo IS NULL) AS atendivel
FROM execucoes_automacao e
JOIN pontos_venda p ON p.id = e.ponto_venda_id
WHERE e.status IN ('na_fila', 'em_andamento') AND e.pendentes + e.processando > 0
GROUP BY p.id;

-- name: list_caducas
-- Leases to ask back whoever could use them: of a credential that was switched off, or that it or its ponto de venda was
-- changed under; those above a limit that was lowered; and those of a ponto de venda whose work is all paused: a person
-- may want the login for themselves.
SELECT cerca, fila
FROM (
    SELECT c.cerca, c.fila,
           NOT k.ativo OR greatest(k.updated_at, p.updated_at) > c.concedida_em
               OR (SELECT bool_and(e.status = 'pausada') FROM execucoes_automacao e
                   WHERE e.ponto_venda_id = p.id AND e.status IN ('na_fila', 'em_andamento', 'pausada')
                     AND e.pendentes + e.processando > 0) IS TRUE
               AS caduca,
           row_number() OVER (PARTITION BY k.id ORDER BY c.aberta DESC, c.cerca)
               > CASE WHEN k.reduzida_ate > now() THEN least(k.max_sessoes, k.sessoes_reduzidas) ELSE k.max_sessoes END
               AS demais
    FROM concessoes c
    JOIN credenciais_canopus k ON k.id = c.credencial_id
    JOIN pontos_venda p ON p.id = k.ponto_venda_id
    WHERE c.encerrada_em IS NULL AND c.revogada_em IS NULL AND c.pedido_id IS NULL
) v
WHERE caduca OR demais
ORDER BY cerca;

-- name: list_limites
SELECT id, max_sessoes FROM empresas WHERE max_sessoes IS NOT NULL;

-- name: list_credenciais
-- limite: sessions the credential may have now; slots: those taken, by sessions not given back yet too. entrando: one of
-- them has not logged in yet, so no other begins to: a password that the portal refuses is posted once.
SELECT k.id, k.empresa_id, k.ponto_venda_id, k.usuario, k.senha_encrypted, k.codigo_empresa, p.codigo, p.url_base,
       p.perfil, k.parada_codigo IS NOT NULL AS parada, coalesce(is_ahead(k.espera_ate), false) AS espera,
       k.parada_codigo IS NOT DISTINCT FROM 'login.recusado' AS recusada,
       CASE WHEN k.reduzida_ate > now() THEN least(k.max_sessoes, k.sessoes_reduzidas) ELSE k.max_sessoes END AS limite,
       ARRAY(SELECT c.slot FROM concessoes c WHERE c.credencial_id = k.id AND c.encerrada_em IS NULL) AS slots,
       EXISTS (SELECT FROM concessoes c
               WHERE c.credencial_id = k.id AND c.encerrada_em IS NULL AND NOT c.aberta) AS entrando
FROM credenciais_canopus k
JOIN pontos_venda p ON p.id = k.ponto_venda_id
WHERE k.ativo;

-- name: list_concessoes
-- ausente: its holder is stopping, or has not been seen for $1 seconds.
SELECT c.cerca, c.credencial_id, c.scraper_id, c.fila, c.pedido_id, c.aberta, c.revogada_em IS NOT NULL AS revogada,
       NOT EXISTS (SELECT FROM servicos s
                   WHERE s.id = c.scraper_id AND NOT s.parando
                         AND abs(extract(epoch FROM now() - s.visto_em)) < $1)
           AS ausente,
       k.ponto_venda_id, k.empresa_id, k.parada_codigo IS NOT NULL AS parada,
       extract(epoch FROM now() - c.concedida_em)::float8 AS ha_s,
       CASE WHEN EXISTS (SELECT FROM log_downloads_boletos l WHERE l.cerca = c.cerca) THEN 0
            ELSE extract(epoch FROM now() - c.ociosa_desde) END::float8 AS ociosa_s
FROM concessoes c
JOIN credenciais_canopus k ON k.id = c.credencial_id
WHERE c.encerrada_em IS NULL
ORDER BY c.cerca;

-- name: list_cederam
-- Pontos de venda whose session was asked back a moment ago.
SELECT DISTINCT k.ponto_venda_id
FROM concessoes c
JOIN credenciais_canopus k ON k.id = c.credencial_id
WHERE c.revogada_em > now() - make_interval(secs => $1);

-- name: list_testes
-- Tests of a credential that nobody carries out yet, and how often one was begun.
SELECT p.id, p.credencial_id, (SELECT count(*) FROM concessoes c WHERE c.pedido_id = p.id)::int AS tentativas
FROM pedidos p
WHERE p.tipo = 'testar' AND p.respondido_em IS NULL
  AND NOT EXISTS (SELECT FROM concessoes c WHERE c.pedido_id = p.id AND c.encerrada_em IS NULL)
ORDER BY p.criado_em;

-- name: grant_concessao
INSERT INTO concessoes (credencial_id, slot, scraper_id, fila, expira_em, pedido_id)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), $6)
RETURNING cerca;

-- name: count_enviados
SELECT execucao_id, cerca, count(*)::int AS quantos
FROM log_downloads_boletos WHERE cerca IS NOT NULL AND status IN ('pendente', 'processando')
GROUP BY execucao_id, cerca;

-- name: list_candidatos
-- The next rows of each execution of a ponto de venda ($1), $2 of each. A contract that is in flight elsewhere for the
-- same month (or for a month that only the grid knows) waits; what it waits for comes in the same order, so looking at
-- the first rows is enough. boleto_filed: filed since the submission.
SELECT l.id, l.execucao_id, b.id AS boleto_filed
FROM execucoes_automacao e
CROSS JOIN LATERAL (
    SELECT l.* FROM (
        SELECT id FROM log_downloads_boletos l
        WHERE l.execucao_id = e.id AND l.status = 'pendente' AND l.despacho IS NULL
          AND is_ahead(l.proxima_tentativa) IS NOT TRUE
        ORDER BY CASE WHEN $3::boolean THEN l.tentativas END, l.id
        LIMIT 500
    ) p
    JOIN log_downloads_boletos l ON l.id = p.id
    WHERE NOT EXISTS (
        SELECT FROM log_downloads_boletos o
        JOIN execucoes_automacao x ON x.id = o.execucao_id
        WHERE o.cpf = l.cpf AND o.ponto_venda_id = l.ponto_venda_id AND o.id <> l.id
          AND o.status IN ('pendente', 'processando')
          AND (o.grupo IS NULL OR l.grupo IS NULL OR o.grupo = l.grupo AND o.cota = l.cota)
          AND (o.mes_referencia IS NULL OR l.mes_referencia IS NULL
               OR o.mes_referencia = l.mes_referencia AND o.ano_referencia = l.ano_referencia)
          AND (o.status = 'processando' OR o.despacho IS NOT NULL
               OR o.id < l.id AND x.status IN ('na_fila', 'em_andamento')))
      AND l.status = 'pendente' AND l.despacho IS NULL
    ORDER BY CASE WHEN $3 THEN l.tentativas END, l.id
    LIMIT $2
    FOR UPDATE OF l SKIP LOCKED
) l
LEFT JOIN LATERAL (
    SELECT b.id FROM boletos b
    WHERE NOT l.forcar AND b.ponto_venda_id = l.ponto_venda_id AND b.cpf = l.cpf
      AND b.mes_referencia = l.mes_referencia AND b.ano_referencia = l.ano_referencia
      AND (b.grupo = l.grupo AND b.cota = l.cota
           OR l.grupo IS NULL AND b.cliente_final_id IS NOT DISTINCT FROM l.cliente_final_id)
    ORDER BY b.id DESC LIMIT 1
) b ON true
WHERE e.ponto_venda_id = $1 AND e.status IN ('na_fila', 'em_andamento') AND e.pendentes > 0
ORDER BY e.id, l.tentativas * $3::int, l.id;

-- name: send_items
-- Rows ($1), each under a lease ($2), their dispatches numbered in this order. hoje: the day that a round without a month
-- counts from.
WITH n AS (
    SELECT v.id, v.cerca, nextval('despachos') AS despacho
    FROM (SELECT * FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS v (id, cerca, ordem) ORDER BY ordem) v
)
UPDATE log_downloads_boletos l SET despacho = n.despacho, cerca = n.cerca, enviado_em = now()
FROM n
WHERE l.id = n.id
RETURNING l.id, l.automacao_id, l.despacho, l.tentativas, l.cerca, l.forcar, l.cpf, l.nome_cliente, l.grupo, l.cota,
          l.mes_referencia, l.ano_referencia,
          CASE WHEN l.mes_referencia IS NULL
               THEN (SELECT e.parametros ->> 'hoje' FROM execucoes_automacao e WHERE e.id = l.execucao_id) END AS hoje;

-- name: list_ja_baixados
-- What the grids of these rows may lead to that is filed already.
SELECT l.id AS item_id, b.grupo, b.cota, b.ano, b.mes
FROM log_downloads_boletos l
CROSS JOIN LATERAL (
    SELECT DISTINCT grupo, cota, ano_referencia AS ano, mes_referencia AS mes
    FROM boletos
    WHERE ponto_venda_id = l.ponto_venda_id AND cpf = l.cpf
      AND (l.grupo IS NULL OR grupo = l.grupo AND cota = l.cota)
    ORDER BY ano DESC, mes DESC, grupo, cota
    LIMIT 200
) b
WHERE l.id = ANY ($1::bigint[])
ORDER BY l.id, b.ano DESC, b.mes DESC, b.grupo, b.cota;

-- name: lock_ja_baixados
SELECT * FROM log_downloads_boletos
WHERE id = ANY ($1::bigint[]) AND status = 'pendente' AND despacho IS NULL
ORDER BY id FOR UPDATE;

-- name: list_sem_credencial
-- Pontos de venda whose waiting rows no credential can serve.
SELECT DISTINCT e.ponto_venda_id
FROM execucoes_automacao e
WHERE e.status IN ('na_fila', 'em_andamento', 'pausada', 'bloqueada') AND e.pendentes > 0
  AND NOT EXISTS (SELECT FROM credenciais_canopus k
                  WHERE k.ponto_venda_id = e.ponto_venda_id AND k.ativo AND k.parada_codigo IS NULL);

-- name: list_servidas
-- Blocked executions that a credential can serve again: they were blocked while it was put right.
SELECT e.id
FROM execucoes_automacao e
WHERE e.status = 'bloqueada'
  AND EXISTS (SELECT FROM credenciais_canopus k
              WHERE k.ponto_venda_id = e.ponto_venda_id AND k.ativo AND k.parada_codigo IS NULL)
ORDER BY e.id;

-- Deliveries to webhooks: taken by one gateway at a time, and what became of each.

-- name: devida
-- Never tried, or its pause is over. A last attempt that lies ahead: the clock was set back, and so would be the pause.
e.estado IN ('pendente', 'falhou') AND is_ahead(e.reservada_ate) IS NOT TRUE
      AND (e.estado = 'pendente' OR e.proxima_em <= now() OR e.tentada_em > now())

-- name: claim_entregas
-- $1 webhooks with requests on their way and $2 how many of each; $3 how many there may be; $4 seconds to make one.
WITH devidas AS (
    SELECT d.id
    FROM webhooks w
    JOIN empresas o ON o.id = w.empresa_id AND o.ativa
    LEFT JOIN unnest($1::int[], $2::int[]) AS v (webhook_id, em_voo) ON v.webhook_id = w.id
    CROSS JOIN LATERAL (
        SELECT e.id FROM webhooks_entregas e
        WHERE e.webhook_id = w.id AND {devida}
        ORDER BY e.proxima_em, e.id
        LIMIT greatest(0, $3 - coalesce(v.em_voo, 0))
        FOR UPDATE SKIP LOCKED
    ) d
    WHERE w.ativo AND (now() BETWEEN w.espera_de AND w.espera_ate) IS NOT TRUE
)
UPDATE webhooks_entregas e
SET reserva = gen_random_uuid(), reservada_ate = now() + make_interval(secs => $4), tentativas = tentativas + 1,
    tentada_em = now()
FROM devidas d, webhooks w
WHERE e.id = d.id AND w.id = e.webhook_id
RETURNING e.id, e.webhook_id, e.evento_id, e.tipo, e.corpo, e.tentativas, e.reserva, e.empresa_id, w.url, w.segredo,
          CASE WHEN w.anterior_ate > now() THEN w.segredo_anterior END AS segredo_anterior;

-- name: accept_entrega
-- Whoever else may have begun it meanwhile: it is there.
UPDATE webhooks_entregas
SET estado = 'aceita', aceita_em = now(), status_http = $2, erro = NULL, resposta = $3, duracao_ms = $4, reserva = NULL,
    reservada_ate = NULL
WHERE id = $1 AND estado IN ('pendente', 'falhou');

-- name: fail_entrega
-- $3 seconds until it is tried again; null: it is not. Only of the attempt in force.
UPDATE webhooks_entregas
SET estado = CASE WHEN $3::float8 IS NULL THEN 'desistiu' ELSE 'falhou' END,
    proxima_em = now() + make_interval(secs => coalesce($3, 0)), status_http = $4, erro = $5, resposta = $6,
    duracao_ms = $7, reserva = NULL, reservada_ate = NULL
WHERE id = $1 AND reserva = $2 AND estado IN ('pendente', 'falhou');

-- name: entrega
SELECT e.id, e.evento_id, e.tipo, e.estado, e.tentativas, e.criada_em, e.tentada_em, e.aceita_em,
       CASE WHEN e.estado = 'falhou' THEN e.proxima_em END AS proxima_em, e.status_http, e.erro, e.resposta,
       e.duracao_ms, e.corpo
FROM webhooks_entregas e
WHERE e.webhook_id = $1

-- name: list_entregas
{entrega}
  AND ($2::text IS NULL OR e.estado = $2) AND ($3::bigint IS NULL OR e.id < $3)
ORDER BY e.id DESC
LIMIT $4;

-- name: find_entrega
{entrega}
  AND e.id = $2;

-- name: resend
-- As new, under the same id: who has had it already knows it by that.
UPDATE webhooks_entregas
SET estado = 'pendente', tentativas = 0, proxima_em = now(), reserva = NULL, reservada_ate = NULL, aceita_em = NULL
WHERE webhook_id = $1 AND id = $2;

-- name: resend_falhas
UPDATE webhooks_entregas
SET estado = 'pendente', tentativas = 0, proxima_em = now(), reserva = NULL, reservada_ate = NULL
WHERE webhook_id = $1 AND estado IN ('falhou', 'desistiu') AND criada_em >= coalesce($2::timestamptz, '-infinity')
RETURNING id;

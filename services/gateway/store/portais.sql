-- The circuit breaker of each portal.

-- name: lock_portal
INSERT INTO portais (url_base) VALUES ($1)
ON CONFLICT (url_base) DO UPDATE SET url_base = excluded.url_base
RETURNING *;

-- name: find_url_base
SELECT url_base FROM pontos_venda WHERE id = $1;

-- name: note_falhas
UPDATE portais SET falhas = $2 WHERE url_base = $1;

-- name: open_portal
UPDATE portais
SET estado = 'aberto', falhas = $2, aberturas = $3, sonda_em = now() + make_interval(secs => $4), sonda_item = NULL
WHERE url_base = $1;

-- name: close_portal
UPDATE portais SET estado = 'fechado', falhas = '{}', aberturas = 0, sonda_em = NULL, sonda_item = NULL
WHERE url_base = $1 AND (estado <> 'fechado' OR falhas <> '{}');

-- name: list_abertos
-- sondando: the probe is still on its way.
SELECT p.url_base, NOT is_ahead(p.sonda_em) AS devida,
       EXISTS (SELECT FROM log_downloads_boletos l
               WHERE l.id = p.sonda_item AND l.cerca IS NOT NULL AND l.status IN ('pendente', 'processando')) AS sondando
FROM portais p WHERE p.estado = 'aberto';

-- name: note_sonda
UPDATE portais SET sonda_item = $2 WHERE url_base = $1;

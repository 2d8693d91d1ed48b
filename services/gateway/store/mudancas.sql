-- What changed among the boletos, in the order in which it was first read.

-- name: has_novas
SELECT EXISTS (SELECT FROM boletos WHERE mudanca IS NULL) OR EXISTS (SELECT FROM boletos_apagados WHERE mudanca IS NULL);

-- name: lock
-- Until the numbers are committed: nobody gives a higher one before these can be seen.
SELECT pg_advisory_xact_lock(hashtext('mudancas'));

-- name: number_boletos
-- A row that somebody holds is about to change again: it is left for the next reader.
WITH v AS (SELECT id FROM boletos WHERE mudanca IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED),
     n AS (SELECT id, nextval('mudancas') AS mudanca FROM v)
UPDATE boletos b SET mudanca = n.mudanca FROM n WHERE b.id = n.id;

-- name: number_apagados
WITH v AS (SELECT boleto_id FROM boletos_apagados WHERE mudanca IS NULL ORDER BY boleto_id LIMIT $1 FOR UPDATE SKIP LOCKED),
     n AS (SELECT boleto_id, nextval('mudancas') AS mudanca FROM v)
UPDATE boletos_apagados a SET mudanca = n.mudanca FROM n WHERE a.boleto_id = n.boleto_id;

-- name: find_topo
SELECT coalesce(greatest((SELECT max(mudanca) FROM boletos), (SELECT max(mudanca) FROM boletos_apagados)), 0);

-- name: list_mudancas
-- $1 pontos de venda, $2 the number behind which, $3 how many. apagado_em: of one that was removed.
WITH m AS (
    (SELECT mudanca, id, ponto_venda_id, NULL::timestamptz AS apagado_em FROM boletos
     WHERE mudanca > $2 AND ($1::int[] IS NULL OR ponto_venda_id = ANY ($1)) ORDER BY mudanca LIMIT $3)
    UNION ALL
    (SELECT mudanca, boleto_id, ponto_venda_id, apagado_em FROM boletos_apagados
     WHERE mudanca > $2 AND ($1::int[] IS NULL OR ponto_venda_id = ANY ($1)) ORDER BY mudanca LIMIT $3)
    ORDER BY mudanca LIMIT $3
)
SELECT b.*, m.mudanca AS numero, m.id AS boleto_id, m.apagado_em, p.codigo AS ponto_venda, c.nome AS consultor
FROM m
JOIN pontos_venda p ON p.id = m.ponto_venda_id
LEFT JOIN boletos b ON b.id = m.id AND m.apagado_em IS NULL
LEFT JOIN consultores c ON c.id = b.consultor_id
ORDER BY m.mudanca;

-- The automatic recovery: rounds that are due, and whether one may begin.

-- name: list_devidas
-- $2: further ahead than any pause, so the clock was set back since. An office that is switched off tries nothing.
SELECT x.id
FROM execucoes_automacao x
JOIN empresas e ON e.id = x.empresa_id AND e.ativa
WHERE x.recuperacao_em <= $1 OR x.recuperacao_em > $2
ORDER BY x.recuperacao_em, x.id;

-- name: find_condicao
-- livre: the portal's breaker is closed; or it is open, its probe is due, and no contract is left that could be the probe.
-- atendivel: a credential can serve the ponto de venda.
SELECT p.ativo, p.recuperacao_rodadas AS rodadas,
       NOT EXISTS (
           SELECT FROM portais t
           WHERE t.url_base = p.url_base AND t.estado <> 'fechado'
             AND (is_ahead(t.sonda_em) OR EXISTS (
                 SELECT FROM execucoes_automacao x
                 JOIN pontos_venda v ON v.id = x.ponto_venda_id
                 WHERE v.url_base = p.url_base AND x.status IN ('na_fila', 'em_andamento')
                   AND x.pendentes + x.processando > 0))) AS livre,
       EXISTS (SELECT FROM credenciais_canopus k
               WHERE k.ponto_venda_id = p.id AND k.ativo AND k.parada_codigo IS NULL) AS atendivel
FROM pontos_venda p
WHERE p.id = $1;

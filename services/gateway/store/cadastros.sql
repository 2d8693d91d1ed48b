-- The register: pontos de venda, consultores, credenciais, clientes. Where a query takes an `alcance`, it is the
-- pontos de venda that the caller sees. An update overlays the JSON of the changed columns on the row as it then stands,
-- so that two people who change two fields at once both keep theirs.

-- name: find_ponto_venda
SELECT p.*,
       (SELECT count(*) FROM clientes_finais c WHERE c.ponto_venda_id = p.id AND c.ativo) AS clientes,
       (SELECT count(*) FROM credenciais_canopus k WHERE k.ponto_venda_id = p.id AND k.ativo) AS credenciais
FROM pontos_venda p
WHERE p.codigo_limpo = $1 AND ($2::int[] IS NULL OR p.id = ANY ($2));

-- name: list_pontos_venda
SELECT p.*,
       (SELECT count(*) FROM clientes_finais c WHERE c.ponto_venda_id = p.id AND c.ativo) AS clientes,
       (SELECT count(*) FROM credenciais_canopus k WHERE k.ponto_venda_id = p.id AND k.ativo) AS credenciais
FROM pontos_venda p
WHERE ($1::int[] IS NULL OR p.id = ANY ($1)) AND p.id > $2
ORDER BY p.id
LIMIT $3;

-- name: insert_ponto_venda
INSERT INTO pontos_venda (codigo, nome, empresa, url_base, perfil, ativo, recuperacao_rodadas, recuperacao_pausa_min, ordem_risco)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: update_ponto_venda
UPDATE pontos_venda p
SET (codigo, nome, empresa, url_base, perfil, ativo, recuperacao_rodadas, recuperacao_pausa_min, ordem_risco) =
        (SELECT n.codigo, n.nome, n.empresa, n.url_base, n.perfil, n.ativo, n.recuperacao_rodadas, n.recuperacao_pausa_min,
                n.ordem_risco
         FROM jsonb_populate_record(p, $2::jsonb) n),
    updated_at = now()
WHERE p.id = $1;

-- name: delete_ponto_venda
DELETE FROM pontos_venda p
WHERE p.id = $1
  AND NOT EXISTS (SELECT FROM consultores WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM credenciais_canopus WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM clientes_finais WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM planilhas WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM execucoes_automacao WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM boletos WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM boletos_apagados WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM webhooks WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM pedidos WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM chaves_api WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM pessoas_pontos_venda WHERE ponto_venda_id = p.id)
  AND NOT EXISTS (SELECT FROM agendamentos WHERE ponto_venda_id = p.id)
RETURNING p.id;

-- name: consultores_vistos
SELECT c.*, p.codigo AS ponto_venda, p.ativo AS ponto_venda_ativo,
       (SELECT count(*) FROM clientes_finais f WHERE f.consultor_id = c.id AND f.ativo) AS clientes,
       l.link AS link_planilha_drive, l.em_dia_em AS ultima_atualizacao_planilha, l.erro AS erro_planilha,
       c.ativo AND p.ativo AND (is_ahead(l.reservada_ate) IS TRUE OR (l.proxima_em <= now()) IS TRUE
           OR EXISTS (SELECT FROM pedidos q WHERE q.id = l.pedido_id AND q.respondido_em IS NULL)) AS atualizando_planilha
FROM consultores c
JOIN pontos_venda p ON p.id = c.ponto_venda_id
LEFT JOIN links_planilha l ON l.consultor_id = c.id

-- name: find_consultor
{consultores_vistos}
WHERE c.id = $1 AND ($2::int[] IS NULL OR c.ponto_venda_id = ANY ($2));

-- name: find_consultor_by_nome
SELECT c.id FROM consultores c WHERE c.nome_limpo = $1 AND ($2::int[] IS NULL OR c.ponto_venda_id = ANY ($2));

-- name: list_consultores
{consultores_vistos}
WHERE ($1::int[] IS NULL OR c.ponto_venda_id = ANY ($1)) AND c.id > $2
ORDER BY c.id
LIMIT $3;

-- name: insert_consultor
INSERT INTO consultores (nome, nome_limpo, email, whatsapp, empresa, ponto_venda_id, pasta_boletos, cor_identificacao, ativo)
SELECT $1, $2, $3, $4, p.empresa, p.id, $6, $7, $8 FROM pontos_venda p WHERE p.id = $5
RETURNING id;

-- name: update_consultor
UPDATE consultores c
SET (nome, nome_limpo, email, whatsapp, ponto_venda_id, empresa, pasta_boletos, cor_identificacao, ativo) =
        (SELECT n.nome, n.nome_limpo, n.email, n.whatsapp, n.ponto_venda_id, p.empresa, n.pasta_boletos,
                n.cor_identificacao, n.ativo
         FROM jsonb_populate_record(c, $2::jsonb) n
         JOIN pontos_venda p ON p.id = n.ponto_venda_id),
    updated_at = now()
WHERE c.id = $1;

-- name: delete_consultor
DELETE FROM consultores c
WHERE c.id = $1
  AND NOT EXISTS (SELECT FROM clientes_finais WHERE consultor_id = c.id)
  AND NOT EXISTS (SELECT FROM planilhas WHERE consultor_id = c.id)
  AND NOT EXISTS (SELECT FROM execucoes_automacao WHERE consultor_id = c.id)
  AND NOT EXISTS (SELECT FROM log_downloads_boletos WHERE consultor_id = c.id)
  AND NOT EXISTS (SELECT FROM boletos WHERE consultor_id = c.id)
  AND NOT EXISTS (SELECT FROM agendamentos WHERE consultor_id = c.id)
RETURNING c.id;

-- name: disable_ponto_venda
UPDATE pontos_venda SET ativo = false, updated_at = now() WHERE id = $1;

-- name: disable_consultor
UPDATE consultores SET ativo = false, updated_at = now() WHERE id = $1;

-- name: find_credencial
SELECT k.id, k.ponto_venda_id, p.codigo AS ponto_venda, p.ativo AS ponto_venda_ativo, k.usuario, k.codigo_empresa,
       k.max_sessoes, k.ultimo_login, k.ultimo_erro, k.mensagem_erro, k.parada_codigo, k.parada_em, k.ativo,
       k.created_at, k.updated_at
FROM credenciais_canopus k
JOIN pontos_venda p ON p.id = k.ponto_venda_id
WHERE k.id = $1 AND ($2::int[] IS NULL OR k.ponto_venda_id = ANY ($2));

-- name: list_credenciais
SELECT k.id, k.ponto_venda_id, p.codigo AS ponto_venda, p.ativo AS ponto_venda_ativo, k.usuario, k.codigo_empresa,
       k.max_sessoes, k.ultimo_login, k.ultimo_erro, k.mensagem_erro, k.parada_codigo, k.parada_em, k.ativo,
       k.created_at, k.updated_at
FROM credenciais_canopus k
JOIN pontos_venda p ON p.id = k.ponto_venda_id
WHERE ($1::int[] IS NULL OR k.ponto_venda_id = ANY ($1)) AND k.id > $2
ORDER BY k.id
LIMIT $3;

-- name: insert_credencial
INSERT INTO credenciais_canopus (ponto_venda_id, usuario, senha_encrypted, codigo_empresa, max_sessoes, ativo)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id;

-- name: update_credencial
UPDATE credenciais_canopus k
SET (ponto_venda_id, usuario, senha_encrypted, codigo_empresa, max_sessoes, ativo) =
        (SELECT n.ponto_venda_id, n.usuario, n.senha_encrypted, n.codigo_empresa, n.max_sessoes, n.ativo
         FROM jsonb_populate_record(k, $2::jsonb) n),
    -- Leases granted before this moment are asked back.
    updated_at = clock_timestamp()
WHERE k.id = $1;

-- name: delete_credencial
DELETE FROM credenciais_canopus k
-- One that ever held a session keeps its history.
WHERE k.id = $1 AND NOT EXISTS (SELECT FROM concessoes WHERE credencial_id = k.id)
RETURNING k.id;

-- name: disable_credencial
UPDATE credenciais_canopus SET ativo = false, updated_at = now() WHERE id = $1;

-- name: find_cliente
SELECT f.*, p.codigo AS ponto_venda, c.nome AS consultor
FROM clientes_finais f
JOIN pontos_venda p ON p.id = f.ponto_venda_id
LEFT JOIN consultores c ON c.id = f.consultor_id
WHERE f.id = $1 AND ($2::int[] IS NULL OR f.ponto_venda_id = ANY ($2));

-- name: list_clientes
SELECT f.*, p.codigo AS ponto_venda, c.nome AS consultor
FROM clientes_finais f
JOIN pontos_venda p ON p.id = f.ponto_venda_id
LEFT JOIN consultores c ON c.id = f.consultor_id
WHERE ($1::int[] IS NULL OR f.ponto_venda_id = ANY ($1))
  AND ($2::int IS NULL OR f.consultor_id = $2)
  AND ($3::boolean IS NULL OR f.ativo = $3)
  AND ($4::text IS NULL OR f.cpf = $4)
  -- $5 is folded.
  AND ($5::text IS NULL OR strpos(f.nome_limpo, $5) > 0)
  AND f.id > $6
ORDER BY f.id
LIMIT $7;

-- name: update_cliente
-- $3: the fields that a person entered here; a workbook changes them no more.
UPDATE clientes_finais f
SET (nome_completo, cpf, grupo_consorcio, cota_consorcio, ponto_venda_id, consultor_id, email, whatsapp, observacoes,
     ativo) =
        (SELECT n.nome_completo, n.cpf, n.grupo_consorcio, n.cota_consorcio, n.ponto_venda_id, n.consultor_id, n.email,
                n.whatsapp, n.observacoes, n.ativo
         FROM jsonb_populate_record(f, $2::jsonb) n),
    editados = ARRAY(SELECT DISTINCT unnest(f.editados || $3::text[]) ORDER BY 1),
    updated_at = now()
WHERE f.id = $1;

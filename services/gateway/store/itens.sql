-- The rows of an execution, changed. Every statement answers the rows as they are now, with the consultor's name.

-- name: lock_item
SELECT l.*, c.nome AS consultor
FROM log_downloads_boletos l
LEFT JOIN consultores c ON c.id = l.consultor_id
WHERE l.id = $1
FOR UPDATE OF l;

-- name: lock_items
-- Of one execution ($2).
SELECT l.*, c.nome AS consultor, now() AS agora
FROM log_downloads_boletos l
LEFT JOIN consultores c ON c.id = l.consultor_id
WHERE l.id = ANY ($1::bigint[]) AND l.execucao_id = $2
ORDER BY l.id
FOR UPDATE OF l;

-- name: step_items
UPDATE log_downloads_boletos l
SET status = 'processando', etapa = n.etapa, codigo = NULL, mensagem_erro = NULL,
    iniciado_em = coalesce(iniciado_em, now())
FROM unnest($1::bigint[], $2::text[]) AS n (id, etapa)
WHERE l.id = n.id;

-- name: capture_items
-- The lease is free for the next contract: from here on the row is with the namer.
UPDATE log_downloads_boletos l
SET status = 'processando', etapa = 'nomeando', codigo = NULL, mensagem_erro = NULL, cerca = NULL,
    captura = n.captura::jsonb, dados_boleto = n.dados::jsonb, duracoes_s = n.duracoes::jsonb,
    iniciado_em = coalesce(iniciado_em, now()), enviado_em = now(), proxima_tentativa = NULL,
    capturado_em = now()
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS n (id, captura, dados, duracoes)
WHERE l.id = n.id;

-- name: file_items
WITH u AS (
    UPDATE log_downloads_boletos l
    SET status = 'sucesso', etapa = 'arquivado', codigo = NULL, mensagem_erro = NULL, cerca = NULL,
        boleto_id = n.boleto_id, nome_cliente = left(n.nome, 255), grupo = n.grupo, cota = n.cota,
        mes_referencia = n.mes, ano_referencia = n.ano, arquivo_nome = regexp_replace(n.caminho, '^.*/', ''),
        arquivo_caminho = n.caminho, arquivo_tamanho = n.tamanho, duracoes_s = duracoes_s || n.duracoes::jsonb,
        proxima_tentativa = NULL, finalizado_em = now(), baixado_em = now(),
        tempo_execucao_segundos = least(extract(epoch FROM now() - iniciado_em), 999999)
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::text[],
                $9::int[], $10::text[])
         AS n (id, boleto_id, nome, grupo, cota, mes, ano, caminho, tamanho, duracoes)
    WHERE l.id = n.id
    RETURNING l.*
)
SELECT u.*, c.nome AS consultor FROM u LEFT JOIN consultores c ON c.id = u.consultor_id;

-- name: have_items
-- Filed before: the row ends with that boleto's file. $3 codigo and $4 mensagem of one that was paid.
WITH u AS (
    UPDATE log_downloads_boletos l
    SET status = 'ja_baixado', codigo = CASE WHEN b.status = 'pago' THEN $3 END,
        mensagem_erro = CASE WHEN b.status = 'pago' THEN $4 END, cerca = NULL, proxima_tentativa = NULL,
        boleto_id = b.id, grupo = b.grupo, cota = b.cota, mes_referencia = b.mes_referencia,
        ano_referencia = b.ano_referencia, arquivo_nome = regexp_replace(b.arquivo_caminho, '^.*/', ''),
        arquivo_caminho = b.arquivo_caminho, arquivo_tamanho = b.arquivo_tamanho, finalizado_em = now(),
        tempo_execucao_segundos = least(extract(epoch FROM now() - l.iniciado_em), 999999)
    FROM unnest($1::bigint[], $2::bigint[]) AS n (item_id, boleto_id)
    JOIN boletos b ON b.id = n.boleto_id
    WHERE l.id = n.item_id
    RETURNING l.*
)
SELECT u.*, c.nome AS consultor FROM u LEFT JOIN consultores c ON c.id = u.consultor_id ORDER BY u.id;

-- name: end_items
-- $2 status, $3 codigo, $4 mensagem, $5 parado, $6 what is added to historico and $7 to evidencia, $8 attempts spent.
WITH u AS (
    UPDATE log_downloads_boletos
    SET status = $2::text, codigo = $3, mensagem_erro = $4, parado = $5, historico = historico || $6::jsonb,
        evidencia = evidencia || $7::jsonb, tentativas = tentativas + $8, cerca = NULL, proxima_tentativa = NULL,
        finalizado_em = now(), tempo_execucao_segundos = least(extract(epoch FROM now() - iniciado_em), 999999)
    WHERE id = ANY ($1::bigint[])
    RETURNING *
)
SELECT u.*, c.nome AS consultor FROM u LEFT JOIN consultores c ON c.id = u.consultor_id ORDER BY u.id;

-- name: return_items
-- Back to the queue. $2 seconds to wait, $3 attempts spent, $4 losses, $5 codigo, $6 mensagem, $7 historico, $8 evidencia.
WITH u AS (
    UPDATE log_downloads_boletos
    SET status = 'pendente', etapa = 'na_fila', despacho = NULL, cerca = NULL, enviado_em = NULL, parado = false,
        proxima_tentativa = CASE WHEN $2::float8 > 0 THEN now() + make_interval(secs => $2) END,
        tentativas = tentativas + $3, perdas = perdas + $4, codigo = $5, mensagem_erro = $6,
        historico = historico || $7::jsonb, evidencia = evidencia || $8::jsonb, finalizado_em = NULL
    WHERE id = ANY ($1::bigint[])
    RETURNING *
)
SELECT u.*, c.nome AS consultor FROM u LEFT JOIN consultores c ON c.id = u.consultor_id ORDER BY u.id;

-- name: restart_items
-- A person acted: attempts and losses count anew.
WITH u AS (
    UPDATE log_downloads_boletos
    SET status = 'pendente', etapa = 'na_fila', despacho = NULL, cerca = NULL, enviado_em = NULL, parado = false,
        proxima_tentativa = NULL, tentativas = 0, perdas = 0, codigo = NULL, mensagem_erro = NULL, finalizado_em = NULL,
        historico_antes = jsonb_array_length(historico)
    WHERE id = ANY ($1::bigint[])
    RETURNING *
)
SELECT u.*, c.nome AS consultor FROM u LEFT JOIN consultores c ON c.id = u.consultor_id ORDER BY u.id;

-- name: rename_items
-- The capture is still there: to the namer again, with no second download.
WITH u AS (
    UPDATE log_downloads_boletos
    SET status = 'processando', etapa = 'nomeando', codigo = NULL, mensagem_erro = NULL, cerca = NULL, parado = false,
        despacho = nextval('despachos'), enviado_em = now(), proxima_tentativa = NULL, finalizado_em = NULL,
        tentativas = 0, perdas = 0, historico_antes = jsonb_array_length(historico)
    WHERE id = ANY ($1::bigint[])
    RETURNING *
)
SELECT u.*, c.nome AS consultor FROM u LEFT JOIN consultores c ON c.id = u.consultor_id ORDER BY u.id;

-- name: delay_naming
-- The namer failed: it is asked again later, by the sweeper.
WITH u AS (
    UPDATE log_downloads_boletos
    SET tentativas = tentativas + 1, proxima_tentativa = now() + make_interval(secs => $2), codigo = $3,
        mensagem_erro = $4, historico = historico || $5::jsonb
    WHERE id = $1
    RETURNING *
)
SELECT u.*, c.nome AS consultor FROM u LEFT JOIN consultores c ON c.id = u.consultor_id;

-- name: keep_captura
-- The namer moved the PDF to where boletos without a name are kept.
UPDATE log_downloads_boletos SET captura = $2 WHERE id = $1;

-- name: keep_quarentena
UPDATE log_downloads_boletos SET quarentena = $2 WHERE id = $1;

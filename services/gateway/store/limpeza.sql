-- What is removed after its time.

-- name: delete_eventos
DELETE FROM eventos v USING execucoes_automacao e
WHERE e.id = v.execucao_id AND e.finalizado_em < now() - make_interval(days => $1)
  AND NOT EXISTS (SELECT FROM eventos u WHERE u.execucao_id = e.id AND u.em >= now() - make_interval(days => $1));

-- name: delete_bilhetes
DELETE FROM bilhetes WHERE expira_em < now() - interval '1 hour';

-- name: delete_sessoes
-- Of people; a program's key stays listed as revoked.
DELETE FROM chaves_api
WHERE pessoa_id IS NOT NULL AND least(revogada_em, expira_em) < now() - make_interval(days => $1);

-- name: delete_idempotencia
DELETE FROM idempotencia WHERE criado_em < now() - make_interval(days => $1);

-- name: delete_servicos
DELETE FROM servicos WHERE visto_em < now() - interval '1 hour';

-- name: list_em_uso
-- Internal files that a row still needs: captures on their way or without a name, and refused documents kept.
SELECT captura ->> 'caminho' AS caminho FROM log_downloads_boletos
WHERE captura IS NOT NULL AND (status = 'processando' OR codigo = 'nome.nao_encontrado'
                               OR codigo = 'arquivo.falhou.disco_cheio' OR codigo = 'interno');

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

-- name: delete_entregas
-- Of webhooks that are off too.
DELETE FROM webhooks_entregas WHERE coalesce(tentada_em, criada_em) < now() - make_interval(days => $1);

-- name: delete_disparos
-- Not the last one of a schedule's clock: from it the next is counted.
DELETE FROM disparos d
WHERE feito_em < now() - make_interval(days => $1)
  AND (quem IS NOT NULL OR EXISTS (SELECT FROM disparos o WHERE o.agendamento_id = d.agendamento_id AND o.quem IS NULL
                                                            AND o.previsto_para > d.previsto_para));

-- name: delete_avisos
-- To people; those of channels that are off too.
DELETE FROM avisos WHERE coalesce(tentado_em, criado_em) < now() - make_interval(days => $1);

-- name: delete_servicos
DELETE FROM servicos WHERE visto_em < now() - interval '1 hour';

-- name: list_em_uso
-- Internal files that a row still needs: captures on their way or without a name, and refused documents kept.
SELECT captura ->> 'caminho' AS caminho FROM log_downloads_boletos
WHERE captura IS NOT NULL AND (status = 'processando' OR codigo = 'nome.nao_encontrado'
                               OR codigo = 'arquivo.falhou.disco_cheio' OR codigo = 'interno');

-- name: take_boleto_velho
-- $1: days since it fell due and was downloaded. Not while a row of its client may still end with it.
SELECT b.id, b.arquivo_caminho FROM boletos b
WHERE greatest(b.data_vencimento, b.baixado_em::date) < current_date - $1::int
  AND NOT EXISTS (SELECT FROM log_downloads_boletos l
                  WHERE l.cpf = b.cpf AND l.empresa_id = b.empresa_id AND l.status IN ('pendente', 'processando'))
ORDER BY b.id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: delete_boleto
-- What executions say of it stays, but for the way to a file that is gone.
WITH l AS (
    UPDATE log_downloads_boletos SET arquivo_caminho = NULL, arquivo_nome = NULL, arquivo_tamanho = NULL
    WHERE boleto_id = $1
)
DELETE FROM boletos WHERE id = $1;

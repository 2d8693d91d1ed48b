-- What the dashboard asks for: the last outcome of each contract found at once, names of people at their full length and
-- found as they are said, and provisional passwords that expire.

CREATE INDEX itens_ultimos ON log_downloads_boletos (cpf, ponto_venda_id, id DESC) WHERE finalizado_em IS NOT NULL;

-- When the PDF came: its name, and so the end, may come hours later.
ALTER TABLE log_downloads_boletos ADD COLUMN capturado_em timestamptz;
-- The success rate looks at the attempts too.
DROP INDEX itens_terminados;
CREATE INDEX itens_terminados ON log_downloads_boletos (finalizado_em)
    INCLUDE (ponto_venda_id, consultor_id, status, codigo, tentativas) WHERE finalizado_em IS NOT NULL;

-- Who asked: the kind of caller and its number stand beside the name.
ALTER TABLE execucoes_automacao ALTER COLUMN usuario_execucao TYPE text;
ALTER TABLE planilhas ALTER COLUMN importada_por TYPE text;

ALTER TABLE pessoas ADD COLUMN senha_expira_em timestamptz;
UPDATE pessoas SET senha_expira_em = now() + interval '7 days' WHERE trocar_senha;

-- shared.contrato.fold, of Latin letters to the letter: upper case, accents gone, what is neither letter nor digit one
-- blank. By code points, not by a locale: the database's own case rules depend on how it was made.
CREATE FUNCTION fold(texto text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(
    upper(translate(replace(regexp_replace(normalize(texto, NFKD) COLLATE "C", '[\u0300-\u036f]', '', 'g'), 'ß', 'SS'),
                    'æœøđðłþħıŋŧμ', 'ÆŒØĐÐŁÞĦIŊŦΜ') COLLATE "C"),
    '[^0-9A-Z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u2c00-\uffff]+', ' ', 'g'));
-- Folded once, when it is written: a search reads every name.
ALTER TABLE clientes_finais ADD COLUMN nome_limpo text GENERATED ALWAYS AS (fold(nome_completo)) STORED;
ALTER TABLE boletos ADD COLUMN nome_limpo text GENERATED ALWAYS AS (fold(nome_cliente)) STORED;

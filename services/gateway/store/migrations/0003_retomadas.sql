-- What a person's resuming leaves behind: attempts before it count no more, and a pause that a block covered stays.

-- How many entries of historico are from before a person set the row back.
ALTER TABLE log_downloads_boletos ADD COLUMN historico_antes int NOT NULL DEFAULT 0;
-- The execution was paused when it became bloqueada: with the credential put right it is paused again.
ALTER TABLE execucoes_automacao ADD COLUMN pausa_mantida boolean NOT NULL DEFAULT false;

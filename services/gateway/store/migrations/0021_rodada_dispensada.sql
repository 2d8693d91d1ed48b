-- A person called off the automatic recovery of an execution: it stays off where the execution is opened again.

ALTER TABLE execucoes_automacao ADD COLUMN recuperacao_dispensada boolean NOT NULL DEFAULT false;

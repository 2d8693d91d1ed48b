-- Folded, a name may be longer than it is written: ß becomes SS.

ALTER TABLE consultores ALTER COLUMN nome_limpo TYPE text;

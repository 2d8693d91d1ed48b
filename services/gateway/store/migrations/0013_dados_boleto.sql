-- What the PDF says beside the grid, and where each field was read: in its text, or from its bars. Of boletos filed
-- before nothing more is known.
ALTER TABLE boletos
    ADD COLUMN banco   varchar(3),
    ADD COLUMN pagador varchar(255),
    ADD COLUMN origens jsonb NOT NULL DEFAULT '{}';

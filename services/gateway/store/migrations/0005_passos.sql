-- What a test of a credential has done so far, for whoever asks before it has ended.
ALTER TABLE pedidos ADD COLUMN passos jsonb NOT NULL DEFAULT '[]';

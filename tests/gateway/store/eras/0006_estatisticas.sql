-- An index: nothing that this version wrote was new.
SELECT;

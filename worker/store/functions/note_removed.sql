-- How young an attempt is gone by design, whoever removes it: what is younger and not there was forgotten.

CREATE OR REPLACE FUNCTION note_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO youngest_removed AS y (began_at)
    SELECT max(began_at) FROM removed HAVING count(*) > 0
    ON CONFLICT (one) DO UPDATE SET began_at = excluded.began_at WHERE y.began_at < excluded.began_at;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER note_removed AFTER DELETE ON attempt
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION note_removed();

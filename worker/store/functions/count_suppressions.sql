-- Every act by which somebody is not to be contacted is counted for ever, whoever tells of it.

CREATE OR REPLACE FUNCTION count_suppressions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_slot (name, slot, n)
    SELECT concat('suppression:', reason), mod(pg_backend_pid(), 64), count(*)
    FROM told GROUP BY 1 ORDER BY 1
    ON CONFLICT (name, slot) DO UPDATE SET n = tally_slot.n + excluded.n;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER count_suppressions AFTER INSERT ON suppression
    REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION count_suppressions();

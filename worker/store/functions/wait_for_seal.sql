-- Each row of the audit waits for its seal, which comes after its commit: nobody who acts waits for another.

CREATE OR REPLACE FUNCTION wait_for_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (entry, xact)
    VALUES (NEW.id, CAST(CAST(pg_current_xact_id() AS text) AS bigint));
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER wait_for_seal AFTER INSERT ON audit
    FOR EACH ROW EXECUTE FUNCTION wait_for_seal();

CREATE OR REPLACE TRIGGER audit_seal_stays BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

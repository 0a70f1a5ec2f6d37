-- Who did what, when, through which door and why: a row is written with the deed, and stays as it is.
CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    by TEXT NOT NULL,
    door TEXT NOT NULL,
    deed TEXT NOT NULL,
    subject TEXT NOT NULL,
    why TEXT,
    detail JSONB DEFAULT '{}' NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (id),
    CONSTRAINT audit_door_check CHECK (door IN ('command', 'message', 'system'))
);
CREATE INDEX audit_subject ON audit (subject, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Seals under the audit, and what was before and after a change.
ALTER TABLE audit ADD COLUMN before JSONB, ADD COLUMN after JSONB;

CREATE TABLE audit_unsealed (
    entry BIGINT NOT NULL,
    xact BIGINT NOT NULL,
    CONSTRAINT audit_unsealed_pkey PRIMARY KEY (entry)
);

CREATE TABLE audit_seal (
    position BIGINT GENERATED ALWAYS AS IDENTITY,
    entry BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    sealed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT audit_seal_pkey PRIMARY KEY (position),
    CONSTRAINT audit_seal_entry_key UNIQUE (entry)
);

-- What was done before there were seals is sealed as it stands now, in its order.
INSERT INTO audit_unsealed SELECT id, 0 FROM audit;

COMMENT ON TABLE audit IS 'Who did what, when, through which door and why. Triggers: audit_stays, it is only ever added to; wait_for_seal, each row waits for its seal.';
COMMENT ON COLUMN audit.before IS 'fields of a batch or campaign that changed';
COMMENT ON COLUMN audit.after IS 'the same fields since; never of a person';
COMMENT ON TABLE audit_unsealed IS 'What waits for its seal, which nobody who acts waits for. Written by the trigger wait_for_seal.';
COMMENT ON COLUMN audit_unsealed.entry IS 'of the audit';
COMMENT ON COLUMN audit_unsealed.xact IS 'the transaction that it came with';
COMMENT ON TABLE audit_seal IS 'The audit''s hash chain: an entry that was altered or removed breaks it. Trigger audit_seal_stays: it is only ever added to.';
COMMENT ON COLUMN audit_seal.position IS 'in the chain';
COMMENT ON COLUMN audit_seal.entry IS 'of the audit';
COMMENT ON COLUMN audit_seal.sealed_at IS 'by the duty seal';
COMMENT ON COLUMN audit_seal.digest IS 'of the seal before and the entry';

-- Keys, and the doors that take them.
CREATE TABLE access_key (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    digest BYTEA NOT NULL,
    owner TEXT NOT NULL,
    role TEXT NOT NULL,
    campaign_id BIGINT,
    per_second INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    created_by TEXT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    last_used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoked_by TEXT,
    CONSTRAINT access_key_pkey PRIMARY KEY (id),
    CONSTRAINT access_key_digest_key UNIQUE (digest),
    CONSTRAINT access_key_role_check CHECK (role IN ('admin', 'operate', 'read')),
    CONSTRAINT access_key_per_second_check CHECK (per_second > 0),
    CONSTRAINT access_key_revoked_check CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
    CONSTRAINT access_key_campaign_id_fkey FOREIGN KEY(campaign_id) REFERENCES campaign (id)
);

CREATE UNIQUE INDEX access_key_name ON access_key (name) WHERE revoked_at IS NULL;

COMMENT ON TABLE access_key IS 'Who may ask, and for what. Rows stay: the audit names them.';
COMMENT ON COLUMN access_key.name IS 'given by whoever created it';
COMMENT ON COLUMN access_key.digest IS 'of the key, which nobody keeps';
COMMENT ON COLUMN access_key.owner IS 'a mailbox: last_updated_by of what it changes';
COMMENT ON COLUMN access_key.role IS 'read, operate or admin';
COMMENT ON COLUMN access_key.campaign_id IS 'the only one that it may see; NULL: all';
COMMENT ON COLUMN access_key.per_second IS 'calls, at each process that takes it';
COMMENT ON COLUMN access_key.created_by IS 'a mailbox';
COMMENT ON COLUMN access_key.revoked_by IS 'a mailbox';
COMMENT ON COLUMN access_key.expires_at IS 'refused from then on; NULL: never';
COMMENT ON COLUMN access_key.last_used_at IS 'to a minute';
COMMENT ON COLUMN access_key.revoked_at IS 'refused since then';

ALTER TABLE audit DROP CONSTRAINT audit_door_check;
ALTER TABLE audit ADD CONSTRAINT audit_door_check
    CHECK (door IN ('api', 'command', 'console', 'message', 'system'));
COMMENT ON COLUMN audit.door IS 'a word of worker.domain.audit.AuditDoor';

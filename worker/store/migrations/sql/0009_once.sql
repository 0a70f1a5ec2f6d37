-- Calls that are to have their effect once.
CREATE TABLE once_call (
    owner TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BYTEA NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    status SMALLINT,
    answer JSONB,
    CONSTRAINT once_call_pkey PRIMARY KEY (owner, route, key)
);

COMMENT ON TABLE once_call IS 'Calls that have their effect once, however often they are made; kept as messages are.';
COMMENT ON COLUMN once_call.owner IS 'of the key that it was made with';
COMMENT ON COLUMN once_call.route IS 'scope of the key, and path';
COMMENT ON COLUMN once_call.key IS 'the header Idempotency-Key';
COMMENT ON COLUMN once_call.digest IS 'of its body, which is not kept';
COMMENT ON COLUMN once_call.begun_at IS 'by whom is at it';
COMMENT ON COLUMN once_call.status IS 'of the answer; NULL: somebody is at it';
COMMENT ON COLUMN once_call.answer IS 'what it is named by; no secret, and nothing of a person';

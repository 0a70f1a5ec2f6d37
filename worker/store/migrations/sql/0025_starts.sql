CREATE TABLE start_message (
    sid TEXT NOT NULL,
    identity TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp(),
    tries SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT start_message_pkey PRIMARY KEY (sid)
);
CREATE INDEX start_message_identity ON start_message (identity);
CREATE INDEX start_message_due ON start_message (next_try_at) WHERE next_try_at IS NOT NULL;

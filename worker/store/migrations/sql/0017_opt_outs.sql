CREATE TABLE archived_attempt (
    token UUID NOT NULL,
    recipient BIGINT NOT NULL,
    CONSTRAINT archived_attempt_pkey PRIMARY KEY (token),
    CONSTRAINT archived_attempt_recipient_fkey FOREIGN KEY (recipient) REFERENCES recipient (id)
);
CREATE INDEX archived_attempt_recipient ON archived_attempt (recipient);
CREATE TABLE heard_act (
    act TEXT NOT NULL,
    heard_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT heard_act_pkey PRIMARY KEY (act)
);

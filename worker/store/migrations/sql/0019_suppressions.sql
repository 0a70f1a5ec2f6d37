CREATE TABLE suppression (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    identity TEXT NOT NULL,
    channels TEXT[] NOT NULL,
    reason TEXT NOT NULL,
    source TEXT NOT NULL,
    act TEXT NOT NULL,
    by TEXT,
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    lifted_at TIMESTAMP WITH TIME ZONE,
    lifted_by TEXT,
    lifted_why TEXT,
    CONSTRAINT suppression_pkey PRIMARY KEY (id),
    CONSTRAINT suppression_identity_source_act_key UNIQUE (identity, source, act),
    CONSTRAINT suppression_reason_check CHECK (reason IN ('bounced', 'dropped', 'spam_report', 'unsubscribed')),
    CONSTRAINT suppression_channels_check CHECK (channels <@ ARRAY['email', 'sms', 'voice']),
    CONSTRAINT suppression_lifted_check CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
-- What one opt-out wrote on two channels becomes one row. Who it was in somebody's name stood as the source.
INSERT INTO suppression (identity, channels, reason, source, act, by, at)
SELECT identity, array_agg(channel ORDER BY channel), suppress_reason,
       CASE WHEN suppress_source IS NULL THEN 'unknown' WHEN suppress_source = 'text' THEN 'stop'
            WHEN strpos(suppress_source, '@') > 0 THEN 'operator' ELSE suppress_source END,
       'before-' || min(id), CASE WHEN strpos(suppress_source, '@') > 0 THEN suppress_source END,
       suppressed_at
FROM recipient WHERE suppressed_at IS NOT NULL
GROUP BY identity, suppressed_at, suppress_reason, suppress_source
ORDER BY suppressed_at, identity;
DROP INDEX recipient_suppressed;
ALTER TABLE recipient DROP COLUMN suppress_source;

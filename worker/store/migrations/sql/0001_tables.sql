-- The tables of the first release. worker/store/schema says what they are today, and a test holds the
-- migrated database against it.

CREATE TABLE attempt (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    request BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    recipient BIGINT NOT NULL,
    channel TEXT NOT NULL,
    source TEXT NOT NULL,
    attempt_number SMALLINT NOT NULL,
    token UUID NOT NULL,
    state TEXT NOT NULL,
    counted BOOLEAN DEFAULT true NOT NULL,
    late BOOLEAN DEFAULT false NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    send_by TIMESTAMP WITH TIME ZONE NOT NULL,
    check_at TIMESTAMP WITH TIME ZONE,
    checks SMALLINT DEFAULT '0' NOT NULL,
    doubted_at TIMESTAMP WITH TIME ZONE,
    accepted_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    sid TEXT,
    fold_rank INTEGER,
    fold_sequence INTEGER,
    fold_name TEXT,
    error_code TEXT,
    CONSTRAINT attempt_pkey PRIMARY KEY (id),
    CONSTRAINT attempt_request_attempt_number_key UNIQUE (request, attempt_number),
    CONSTRAINT attempt_channel_check CHECK (channel IN ('email', 'sms', 'voice')),
    CONSTRAINT attempt_state_check CHECK (state IN ('ACCEPTED', 'DONE', 'IN_DOUBT', 'NOT_SENT', 'REFUSED', 'SENDING', 'UNRESOLVED')),
    CONSTRAINT attempt_counted_check CHECK (counted = (state <> 'NOT_SENT')),
    CONSTRAINT attempt_accepted_check CHECK (state <> 'ACCEPTED' OR sid IS NOT NULL),
    CONSTRAINT attempt_closed_check CHECK ((closed_at IS NULL) = (state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED'))),
    CONSTRAINT attempt_somebody_looks_check CHECK ((check_at IS NULL) = (closed_at IS NOT NULL)),
    CONSTRAINT attempt_fold_check CHECK (num_nulls(fold_rank, fold_sequence, fold_name) IN (0, 3)),
    CONSTRAINT attempt_token_key UNIQUE (token)
)
 WITH (fillfactor = 50);

CREATE INDEX attempt_batch_began ON attempt (batch, began_at);

CREATE INDEX attempt_calls ON attempt (began_at) WHERE channel = 'voice' AND state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED');

CREATE INDEX attempt_check ON attempt (check_at) WHERE check_at IS NOT NULL;

CREATE INDEX attempt_late ON attempt (request) WHERE late;

CREATE UNIQUE INDEX attempt_one_in_flight_per_recipient ON attempt (recipient) WHERE state IN ('IN_DOUBT', 'SENDING');

CREATE UNIQUE INDEX attempt_one_open_per_request ON attempt (request) WHERE state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED') AND NOT late;

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

CREATE TABLE begun_count (
    campaign BIGINT NOT NULL,
    quarter TIMESTAMP WITH TIME ZONE NOT NULL,
    slot SMALLINT NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT begun_count_pkey PRIMARY KEY (campaign, quarter, slot)
)
 WITH (fillfactor = 50);

CREATE TABLE campaign (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    campaign_name TEXT NOT NULL,
    description TEXT,
    mode TEXT NOT NULL,
    source TEXT NOT NULL,
    caller_id TEXT,
    campaign_variables JSONB DEFAULT '{}' NOT NULL,
    daily_start_time TIME WITHOUT TIME ZONE NOT NULL,
    daily_end_time TIME WITHOUT TIME ZONE NOT NULL,
    active_days TEXT[] NOT NULL,
    timezone TEXT NOT NULL,
    holidays TEXT[] DEFAULT '{}' NOT NULL,
    date_overrides JSONB DEFAULT '{}' NOT NULL,
    recipient_hours BOOLEAN DEFAULT true NOT NULL,
    recipient_start_time TIME WITHOUT TIME ZONE DEFAULT '09:00:00' NOT NULL,
    recipient_end_time TIME WITHOUT TIME ZONE DEFAULT '20:00:00' NOT NULL,
    default_region TEXT DEFAULT 'US' NOT NULL,
    allowed_regions TEXT[] DEFAULT '{}' NOT NULL,
    refused_line_types TEXT[] DEFAULT '{}' NOT NULL,
    allow_costly_numbers BOOLEAN DEFAULT false NOT NULL,
    hourly_rate INTEGER,
    max_daily_calls INTEGER,
    frequency_cap INTEGER,
    frequency_days INTEGER DEFAULT '7' NOT NULL,
    retry_count INTEGER DEFAULT '0' NOT NULL,
    retry_interval INTERVAL DEFAULT '30 minutes' NOT NULL,
    retry_on TEXT[] DEFAULT '{busy,no-answer,failed,soft-bounce}' NOT NULL,
    retry_delays JSONB DEFAULT '{}' NOT NULL,
    voicemail_detection JSONB,
    resend_in_doubt BOOLEAN DEFAULT false NOT NULL,
    labels TEXT[] DEFAULT '{}' NOT NULL,
    webhooks JSONB DEFAULT '[]' NOT NULL,
    twiml TEXT,
    url TEXT,
    body TEXT,
    subject TEXT,
    html TEXT,
    text TEXT,
    template_id TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_updated_by TEXT NOT NULL,
    created_as JSONB,
    CONSTRAINT campaign_pkey PRIMARY KEY (id),
    CONSTRAINT campaign_mode_check CHECK (mode IN ('email', 'sms', 'voice')),
    CONSTRAINT campaign_hourly_rate_check CHECK (hourly_rate BETWEEN 1 AND 3600),
    CONSTRAINT campaign_max_daily_calls_check CHECK (max_daily_calls > 0),
    CONSTRAINT campaign_frequency_check CHECK (frequency_cap > 0 AND frequency_days > 0),
    CONSTRAINT campaign_retry_count_check CHECK (retry_count BETWEEN 0 AND 100),
    CONSTRAINT campaign_retry_interval_check CHECK (retry_interval >= interval '0'),
    CONSTRAINT campaign_content_check CHECK (CASE mode WHEN 'voice' THEN num_nonnulls(twiml, url) = 1 WHEN 'sms' THEN body IS NOT NULL ELSE template_id IS NOT NULL OR (subject IS NOT NULL AND num_nonnulls(html, text) > 0) END),
    CONSTRAINT campaign_campaign_name_key UNIQUE (campaign_name)
);

CREATE INDEX campaign_with_webhooks ON campaign (id) WHERE webhooks <> '[]';

CREATE TABLE dead_letter (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    payload TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    settled_how TEXT,
    task TEXT,
    message_id TEXT,
    digest TEXT,
    CONSTRAINT dead_letter_pkey PRIMARY KEY (id),
    CONSTRAINT dead_letter_message_id_digest_key UNIQUE (message_id, digest)
);

CREATE INDEX dead_letter_open ON dead_letter (id) WHERE settled_at IS NULL;

CREATE TABLE deployment (
    one BOOLEAN DEFAULT true NOT NULL,
    profile TEXT NOT NULL,
    CONSTRAINT deployment_pkey PRIMARY KEY (one),
    CONSTRAINT deployment_one_check CHECK (one)
);

CREATE TABLE duty (
    name TEXT NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    seconds DOUBLE PRECISION,
    fault TEXT,
    CONSTRAINT duty_pkey PRIMARY KEY (name)
);

CREATE TABLE fold (
    version INTEGER NOT NULL
);

CREATE TABLE halt (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    reason TEXT NOT NULL,
    halted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    halted_by TEXT NOT NULL,
    CONSTRAINT halt_pkey PRIMARY KEY (scope, key),
    CONSTRAINT halt_scope_check CHECK (scope IN ('all', 'channel', 'campaign'))
);

CREATE TABLE heard_act (
    act TEXT NOT NULL,
    heard_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT heard_act_pkey PRIMARY KEY (act)
);

CREATE TABLE inbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    provider TEXT NOT NULL,
    key TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    token UUID,
    sid TEXT,
    report JSONB NOT NULL,
    attempt BIGINT,
    applied_at TIMESTAMP WITH TIME ZONE,
    next_try_at TIMESTAMP WITH TIME ZONE,
    tries SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT inbox_pkey PRIMARY KEY (id),
    CONSTRAINT inbox_provider_key_key UNIQUE (provider, key)
);

CREATE INDEX inbox_attempt ON inbox (attempt);

CREATE INDEX inbox_unapplied ON inbox (next_try_at) WHERE next_try_at IS NOT NULL;

CREATE TABLE message (
    id TEXT NOT NULL,
    task TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    digest TEXT,
    CONSTRAINT message_pkey PRIMARY KEY (id)
);

CREATE TABLE pulse (
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE recipient (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    channel TEXT NOT NULL,
    identity TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    suppressed_at TIMESTAMP WITH TIME ZONE,
    suppress_reason TEXT,
    CONSTRAINT recipient_pkey PRIMARY KEY (id),
    CONSTRAINT recipient_channel_identity_key UNIQUE (channel, identity),
    CONSTRAINT recipient_channel_check CHECK (channel IN ('email', 'sms', 'voice')),
    CONSTRAINT recipient_suppress_reason_check CHECK (suppress_reason IN ('bounced', 'dropped', 'spam_report', 'unsubscribed')),
    CONSTRAINT recipient_suppressed_check CHECK ((suppressed_at IS NULL) = (suppress_reason IS NULL))
);

CREATE TABLE sid (
    sid TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    CONSTRAINT sid_pkey PRIMARY KEY (sid, attempt)
);

CREATE TABLE start_message (
    sid TEXT NOT NULL,
    identity TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp(),
    tries SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT start_message_pkey PRIMARY KEY (sid)
);

CREATE INDEX start_message_due ON start_message (next_try_at) WHERE next_try_at IS NOT NULL;

CREATE INDEX start_message_identity ON start_message (identity);

CREATE TABLE status_transition (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    request BIGINT NOT NULL,
    from_status TEXT,
    to_status TEXT NOT NULL,
    channel_manager_status TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    cause TEXT NOT NULL,
    attempt BIGINT,
    detail TEXT,
    CONSTRAINT status_transition_pkey PRIMARY KEY (id),
    CONSTRAINT status_transition_cause_check CHECK (cause IN ('callback', 'dispatch', 'expiry', 'inference', 'ingest', 'operator', 'reconcile', 'retry')),
    CONSTRAINT status_transition_possible_check CHECK (CASE WHEN from_status IS NULL THEN to_status IN ('DUPLICATE', 'INVALID', 'PENDING', 'SKIPPED') WHEN from_status = to_status THEN to_status IN ('DUPLICATE', 'PENDING') AND cause = 'operator' AND detail IS NOT DISTINCT FROM 'replaced' ELSE CASE from_status WHEN 'COMPLETED' THEN to_status IN ('CANCELED', 'FAILED', 'INVALID', 'PENDING', 'SKIPPED') WHEN 'CONNECTED' THEN to_status IN ('CANCELED', 'COMPLETED', 'FAILED', 'INITIATED', 'INVALID', 'PENDING', 'SKIPPED') WHEN 'DUPLICATE' THEN to_status IN ('PENDING', 'SKIPPED') WHEN 'FAILED' THEN to_status IN ('CANCELED', 'COMPLETED', 'CONNECTED', 'INITIATED', 'INVALID', 'PENDING', 'SKIPPED') WHEN 'INITIATED' THEN to_status IN ('CANCELED', 'COMPLETED', 'CONNECTED', 'FAILED', 'INVALID', 'PENDING', 'SKIPPED') WHEN 'INVALID' THEN to_status IN ('CANCELED', 'COMPLETED', 'CONNECTED', 'DUPLICATE', 'FAILED', 'INITIATED', 'PENDING', 'SKIPPED') WHEN 'PENDING' THEN to_status IN ('CANCELED', 'COMPLETED', 'CONNECTED', 'DUPLICATE', 'FAILED', 'INITIATED', 'INVALID', 'SKIPPED') WHEN 'SKIPPED' THEN to_status IN ('CANCELED', 'COMPLETED', 'CONNECTED', 'FAILED', 'INITIATED', 'INVALID', 'PENDING') WHEN 'CANCELED' THEN to_status IN ('DUPLICATE', 'PENDING', 'SKIPPED') AND cause = 'operator' AND detail IS NOT DISTINCT FROM 'replaced' ELSE false END END)
);

CREATE INDEX status_transition_request ON status_transition (request);

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

CREATE TABLE tally (
    name TEXT NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT tally_pkey PRIMARY KEY (name)
);

CREATE TABLE archived_attempt (
    token UUID NOT NULL,
    recipient BIGINT NOT NULL,
    sid TEXT,
    CONSTRAINT archived_attempt_pkey PRIMARY KEY (token),
    CONSTRAINT archived_attempt_recipient_fkey FOREIGN KEY(recipient) REFERENCES recipient (id)
);

CREATE INDEX archived_attempt_recipient ON archived_attempt (recipient);

CREATE INDEX archived_attempt_sid ON archived_attempt (sid) WHERE sid IS NOT NULL;

CREATE TABLE communication_batch (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    batch_id TEXT NOT NULL,
    campaign_id BIGINT NOT NULL,
    expires_on TIMESTAMP WITH TIME ZONE,
    paused BOOLEAN DEFAULT false NOT NULL,
    call_rate INTEGER,
    auto_call_rate BOOLEAN DEFAULT false NOT NULL,
    auto_call_rate_baseline INTEGER,
    upload_filename TEXT,
    error_message TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    archived_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    deleted_reason TEXT,
    last_updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_updated_by TEXT NOT NULL,
    created_as JSONB,
    CONSTRAINT communication_batch_pkey PRIMARY KEY (id),
    CONSTRAINT communication_batch_batch_id_check CHECK (batch_id ~ '^[A-Za-z0-9._-]{1,128}$'),
    CONSTRAINT communication_batch_call_rate_check CHECK (call_rate BETWEEN 1 AND 3600),
    CONSTRAINT communication_batch_auto_call_rate_check CHECK (NOT auto_call_rate OR expires_on IS NOT NULL),
    CONSTRAINT communication_batch_deleted_check CHECK ((deleted_at IS NULL) = (deleted_reason IS NULL)),
    CONSTRAINT communication_batch_batch_id_key UNIQUE (batch_id),
    CONSTRAINT communication_batch_campaign_id_fkey FOREIGN KEY(campaign_id) REFERENCES campaign (id)
);

CREATE INDEX communication_batch_campaign ON communication_batch (campaign_id);

CREATE INDEX communication_batch_open ON communication_batch (id) WHERE NOT paused AND deleted_at IS NULL AND finished_at IS NULL AND error_message IS NULL;

CREATE INDEX communication_batch_unfinished ON communication_batch (id) WHERE finished_at IS NULL;

CREATE TABLE batch_pace (
    batch BIGINT NOT NULL,
    mode TEXT NOT NULL,
    next_claim_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    allowance DOUBLE PRECISION DEFAULT '1' NOT NULL,
    allowance_at TIMESTAMP WITH TIME ZONE,
    claimed_at TIMESTAMP WITH TIME ZONE,
    grants JSONB DEFAULT '[]' NOT NULL,
    late INTEGER,
    CONSTRAINT batch_pace_pkey PRIMARY KEY (batch),
    CONSTRAINT batch_pace_batch_fkey FOREIGN KEY(batch) REFERENCES communication_batch (id)
)
 WITH (fillfactor = 50);

CREATE INDEX batch_pace_due ON batch_pace (mode, next_claim_at);

CREATE INDEX batch_pace_late ON batch_pace (batch) WHERE late IS NOT NULL;

CREATE TABLE communication_request (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    batch BIGINT NOT NULL,
    recipient BIGINT,
    attempt BIGINT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    session_id BIGINT,
    conversation_id BIGINT,
    attempt_count SMALLINT DEFAULT '0' NOT NULL,
    extra_attempts SMALLINT DEFAULT '0' NOT NULL,
    is_duplicate BOOLEAN DEFAULT false NOT NULL,
    reference_id TEXT NOT NULL,
    target TEXT NOT NULL,
    address TEXT,
    request_variables JSONB NOT NULL,
    request_status TEXT NOT NULL,
    channel_manager_status TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    call_manager_sid TEXT,
    moved_by TEXT NOT NULL,
    moved_why TEXT,
    CONSTRAINT communication_request_pkey PRIMARY KEY (id),
    CONSTRAINT communication_request_batch_reference_id_key UNIQUE (batch, reference_id),
    CONSTRAINT communication_request_request_status_check CHECK (request_status IN ('CANCELED', 'COMPLETED', 'CONNECTED', 'DUPLICATE', 'FAILED', 'INITIATED', 'INVALID', 'PENDING', 'SKIPPED')),
    CONSTRAINT communication_request_channel_manager_status_check CHECK (channel_manager_status IN ('ACCEPTED', 'BOUNCED', 'BUSY', 'CANCELED', 'CLICKED', 'COMPLETED', 'DECLINED', 'DEFERRED', 'DELIVERED', 'DELIVERY_FAILED', 'DELIVERY_UNKNOWN', 'DROPPED', 'DUPLICATE', 'FAILED', 'FILTERED_LINE_TYPE', 'HUMAN', 'IN-PROGRESS', 'INVALID', 'MACHINE', 'NO-ANSWER', 'NO_OUTCOME', 'OPENED', 'PENDING', 'PRIOR_BOUNCED', 'PRIOR_DROPPED', 'PRIOR_SPAM_REPORT', 'PRIOR_UNSUBSCRIBED', 'PROCESSED', 'QUEUED', 'SENDING', 'SENT', 'SIP_DOES_NOT_EXIST_ANYWHERE', 'SIP_LOOP_DETECTED', 'SIP_NOT_FOUND', 'SIP_TEMPORARILY_UNAVAILABLE', 'SPAM_REPORT', 'UNDELIVERED', 'UNEXPECTED_ERROR', 'UNKNOWN', 'UNSUBSCRIBED')),
    CONSTRAINT communication_request_moved_by_check CHECK (moved_by IN ('callback', 'dispatch', 'expiry', 'inference', 'ingest', 'operator', 'reconcile', 'retry')),
    CONSTRAINT communication_request_attempt_count_check CHECK (attempt_count >= 0),
    CONSTRAINT communication_request_duplicate_check CHECK (is_duplicate = (request_status = 'DUPLICATE')),
    CONSTRAINT communication_request_address_check CHECK ((recipient IS NULL) = (address IS NULL)),
    CONSTRAINT communication_request_reachable_check CHECK (address IS NOT NULL OR request_status = 'INVALID'),
    CONSTRAINT communication_request_attempted_check CHECK (attempt IS NOT NULL OR request_status NOT IN ('INITIATED', 'CONNECTED', 'COMPLETED')),
    CONSTRAINT communication_request_batch_fkey FOREIGN KEY(batch) REFERENCES communication_batch (id),
    CONSTRAINT communication_request_recipient_fkey FOREIGN KEY(recipient) REFERENCES recipient (id)
)
 WITH (fillfactor = 50);

CREATE UNIQUE INDEX communication_request_one_per_recipient ON communication_request (batch, recipient) WHERE NOT is_duplicate AND recipient IS NOT NULL;

CREATE INDEX communication_request_recipient ON communication_request (recipient);

CREATE TABLE request_count (
    batch BIGINT NOT NULL,
    request_status TEXT NOT NULL,
    channel_manager_status TEXT NOT NULL,
    slot SMALLINT NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT request_count_pkey PRIMARY KEY (batch, request_status, channel_manager_status, slot),
    CONSTRAINT request_count_batch_fkey FOREIGN KEY(batch) REFERENCES communication_batch (id)
)
 WITH (fillfactor = 50);

CREATE INDEX request_count_open ON request_count (batch) WHERE request_status IN ('PENDING', 'INITIATED', 'CONNECTED');

CREATE TABLE queue (
    request BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lease_token UUID,
    lease_until TIMESTAMP WITH TIME ZONE,
    claims SMALLINT DEFAULT '0' NOT NULL,
    group_limit SMALLINT,
    faults SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT queue_pkey PRIMARY KEY (request),
    CONSTRAINT queue_lease_check CHECK ((lease_token IS NULL) = (lease_until IS NULL)),
    CONSTRAINT queue_request_fkey FOREIGN KEY(request) REFERENCES communication_request (id)
)
 WITH (fillfactor = 50);

CREATE INDEX queue_due ON queue (batch, due_at, request);

CREATE TABLE webhook_delivery (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    event UUID NOT NULL,
    request BIGINT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE,
    tries SMALLINT DEFAULT '0' NOT NULL,
    last_tried_at TIMESTAMP WITH TIME ZONE,
    last_answer TEXT,
    delivered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_delivery_delivered_check CHECK (delivered_at IS NULL OR next_try_at IS NULL),
    CONSTRAINT webhook_delivery_event_key UNIQUE (event),
    CONSTRAINT webhook_delivery_request_fkey FOREIGN KEY(request) REFERENCES communication_request (id)
);

CREATE INDEX webhook_delivery_due ON webhook_delivery (url, next_try_at) WHERE next_try_at IS NOT NULL;

CREATE INDEX webhook_delivery_request ON webhook_delivery (request);

-- The rules by which the people of a new database are told apart.
INSERT INTO fold VALUES (1);

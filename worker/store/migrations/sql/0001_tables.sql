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

COMMENT ON TABLE attempt IS 'One try to contact somebody, written before the provider is asked. Begun by begin_attempts alone. Trigger count_begun counts it in begun_count.';
COMMENT ON COLUMN attempt.channel IS 'voice, sms or email';
COMMENT ON COLUMN attempt.source IS 'the number or mailbox it is sent from';
COMMENT ON COLUMN attempt.attempt_number IS 'of its request, from 1';
COMMENT ON COLUMN attempt.token IS 'what it is known by on the wire: comes back with every report';
COMMENT ON COLUMN attempt.counted IS 'false: proven never sent, it uses up no retry';
COMMENT ON COLUMN attempt.late IS 'evidence for it came when its request had moved on: the request''s newer attempt stands';
COMMENT ON COLUMN attempt.send_by IS 'a worker that is later than this does not send it';
COMMENT ON COLUMN attempt.check_at IS 'when somebody looks what became of it; NULL: it is over';
COMMENT ON COLUMN attempt.checks IS 'looks that found nothing so far';
COMMENT ON COLUMN attempt.doubted_at IS 'since when it may or may not have reached the provider';
COMMENT ON COLUMN attempt.accepted_at IS 'when the provider''s sid came';
COMMENT ON COLUMN attempt.closed_at IS 'since when nothing more is expected of it';
COMMENT ON COLUMN attempt.sid IS 'the first id that the provider gave it; all of them are in sid';
COMMENT ON COLUMN attempt.fold_rank IS 'position of the newest report applied, with the two below: an older one changes nothing';
COMMENT ON COLUMN attempt.fold_sequence IS 'see fold_rank';
COMMENT ON COLUMN attempt.fold_name IS 'see fold_rank; the event''s name';
COMMENT ON COLUMN attempt.error_code IS 'the provider''s, or ours';

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

COMMENT ON TABLE audit IS 'Who did what, when, through which door and why. Trigger audit_stays: it is only ever added to.';
COMMENT ON COLUMN audit.by IS 'a person, or a part of this house';
COMMENT ON COLUMN audit.door IS 'command, message or system';
COMMENT ON COLUMN audit.deed IS 'a word of worker.domain.audit.Deed';
COMMENT ON COLUMN audit.subject IS 'what it was done to';
COMMENT ON COLUMN audit.why IS 'the person''s own words';
COMMENT ON COLUMN audit.detail IS 'counts and names of fields; no values';

CREATE TABLE begun_count (
    campaign BIGINT NOT NULL,
    quarter TIMESTAMP WITH TIME ZONE NOT NULL,
    slot SMALLINT NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT begun_count_pkey PRIMARY KEY (campaign, quarter, slot)
)
 WITH (fillfactor = 50);

COMMENT ON TABLE begun_count IS 'Attempts that count, by quarter of an hour, because a day begins with one in every zone. Written by the trigger count_begun, and with what an attempt turns out to be.';
COMMENT ON COLUMN begun_count.quarter IS 'its beginning';
COMMENT ON COLUMN begun_count.slot IS 'as in request_count';
COMMENT ON COLUMN begun_count.n IS 'to be summed over the slots';

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

COMMENT ON TABLE campaign IS 'What is said, to whom it may be said and when. Trigger wake_campaign: an edit wakes its batches.';
COMMENT ON COLUMN campaign.mode IS 'the channel: voice, sms or email';
COMMENT ON COLUMN campaign.source IS 'the number or mailbox it is sent from';
COMMENT ON COLUMN campaign.caller_id IS 'voice: the number that is shown instead of source';
COMMENT ON COLUMN campaign.campaign_variables IS 'for the templates; a request''s own win';
COMMENT ON COLUMN campaign.daily_start_time IS 'local to timezone; the window may not pass midnight';
COMMENT ON COLUMN campaign.daily_end_time IS 'the first moment that is outside again';
COMMENT ON COLUMN campaign.active_days IS 'mon to sun';
COMMENT ON COLUMN campaign.timezone IS 'IANA name';
COMMENT ON COLUMN campaign.holidays IS 'dates without a window';
COMMENT ON COLUMN campaign.date_overrides IS 'date: the window that holds on it instead';
COMMENT ON COLUMN campaign.recipient_hours IS 'voice and sms: ask the recipient''s own clock too';
COMMENT ON COLUMN campaign.recipient_start_time IS 'local to the recipient';
COMMENT ON COLUMN campaign.recipient_end_time IS 'local to the recipient';
COMMENT ON COLUMN campaign.default_region IS 'of numbers that are written without a country';
COMMENT ON COLUMN campaign.allowed_regions IS 'empty: all';
COMMENT ON COLUMN campaign.refused_line_types IS 'kinds of numbers that are skipped; empty: none';
COMMENT ON COLUMN campaign.allow_costly_numbers IS 'premium rate and the like';
COMMENT ON COLUMN campaign.hourly_rate IS 'attempts an hour that a batch may claim; NULL: any number';
COMMENT ON COLUMN campaign.max_daily_calls IS 'attempts of all its batches in a day of its timezone';
COMMENT ON COLUMN campaign.frequency_cap IS 'attempts to one recipient within frequency_days, of whatever campaign';
COMMENT ON COLUMN campaign.frequency_days IS 'see frequency_cap';
COMMENT ON COLUMN campaign.retry_count IS 'attempts after the first';
COMMENT ON COLUMN campaign.retry_interval IS 'from an outcome to the next attempt';
COMMENT ON COLUMN campaign.retry_on IS 'outcomes that are tried again';
COMMENT ON COLUMN campaign.retry_delays IS 'outcome: an interval of its own';
COMMENT ON COLUMN campaign.voicemail_detection IS 'what happens where a machine answers; NULL: it is not asked who does';
COMMENT ON COLUMN campaign.resend_in_doubt IS 'email: send again what nobody knows to have been sent';
COMMENT ON COLUMN campaign.labels IS 'free text, for lists and metrics';
COMMENT ON COLUMN campaign.webhooks IS 'receivers: url, and the statuses each is told';
COMMENT ON COLUMN campaign.twiml IS 'voice: what is played; or url';
COMMENT ON COLUMN campaign.url IS 'voice: where the provider fetches it';
COMMENT ON COLUMN campaign.body IS 'sms: a template';
COMMENT ON COLUMN campaign.subject IS 'email: a template';
COMMENT ON COLUMN campaign.html IS 'email: a template';
COMMENT ON COLUMN campaign.text IS 'email: a template';
COMMENT ON COLUMN campaign.template_id IS 'email: of the provider; instead of subject, html and text';
COMMENT ON COLUMN campaign.last_updated_by IS 'a person, or the door it came by';
COMMENT ON COLUMN campaign.created_as IS 'the fields it was created with: tells a repetition from a conflict';

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

COMMENT ON TABLE dead_letter IS 'What could not be accepted, kept whole.';
COMMENT ON COLUMN dead_letter.kind IS 'message, callback or answer';
COMMENT ON COLUMN dead_letter.reason IS 'a sentence';
COMMENT ON COLUMN dead_letter.settled_at IS 'since when nothing is to be done about it';
COMMENT ON COLUMN dead_letter.settled_how IS 'by whom, or by what';
COMMENT ON COLUMN dead_letter.task IS 'a message''s name; NULL: it could not be read';
COMMENT ON COLUMN dead_letter.message_id IS 'NULL: it had none';
COMMENT ON COLUMN dead_letter.digest IS 'of the payload: a repetition is kept once';

CREATE TABLE deployment (
    one BOOLEAN DEFAULT true NOT NULL,
    profile TEXT NOT NULL,
    CONSTRAINT deployment_pkey PRIMARY KEY (one),
    CONSTRAINT deployment_one_check CHECK (one)
);

COMMENT ON TABLE deployment IS 'One row, once anybody has started to send.';
COMMENT ON COLUMN deployment.one IS 'there is one row';
COMMENT ON COLUMN deployment.profile IS 'that every process which uses this database has';

CREATE TABLE duty (
    name TEXT NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    seconds DOUBLE PRECISION,
    fault TEXT,
    CONSTRAINT duty_pkey PRIMARY KEY (name)
);

COMMENT ON TABLE duty IS 'The scheduler''s duties: whose turn it is, and what became of the last.';
COMMENT ON COLUMN duty.next_at IS 'whoever is first after this does it';
COMMENT ON COLUMN duty.done_at IS 'when it last went well';
COMMENT ON COLUMN duty.seconds IS 'the last one took';
COMMENT ON COLUMN duty.fault IS 'the kind of error; NULL: it went well';

CREATE TABLE fold (
    version INTEGER NOT NULL
);

COMMENT ON TABLE fold IS 'One row: the rules by which every recipient was folded into a person.';
COMMENT ON COLUMN fold.version IS 'of worker.domain.identities';

CREATE TABLE halt (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    reason TEXT NOT NULL,
    halted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    halted_by TEXT NOT NULL,
    CONSTRAINT halt_pkey PRIMARY KEY (scope, key),
    CONSTRAINT halt_scope_check CHECK (scope IN ('all', 'channel', 'campaign'))
);

COMMENT ON TABLE halt IS 'What must not send at the moment.';
COMMENT ON COLUMN halt.scope IS 'all, channel or campaign';
COMMENT ON COLUMN halt.key IS 'the channel, or the campaign''s id; empty for all';
COMMENT ON COLUMN halt.reason IS 'a sentence for whoever resumes it';

CREATE TABLE heard_act (
    act TEXT NOT NULL,
    heard_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT heard_act_pkey PRIMARY KEY (act)
);

COMMENT ON TABLE heard_act IS 'Acts of people that were heard, so that none acts twice, however late it is repeated.';
COMMENT ON COLUMN heard_act.act IS 'the id that the provider gave it';

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

COMMENT ON TABLE inbox IS 'What providers reported, each once.';
COMMENT ON COLUMN inbox.provider IS 'by its channel: voice, sms or email';
COMMENT ON COLUMN inbox.key IS 'tells a repetition';
COMMENT ON COLUMN inbox.token IS 'of the attempt, if the provider carried it back';
COMMENT ON COLUMN inbox.sid IS 'the provider''s id, as reported';
COMMENT ON COLUMN inbox.report IS 'as the domain reads it; no target';
COMMENT ON COLUMN inbox.attempt IS 'NULL: fits none yet';
COMMENT ON COLUMN inbox.applied_at IS 'since when it has had its effect, which may be none';
COMMENT ON COLUMN inbox.next_try_at IS 'NULL: applied, or given up';
COMMENT ON COLUMN inbox.tries IS 'so far';

CREATE TABLE message (
    id TEXT NOT NULL,
    task TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    digest TEXT,
    CONSTRAINT message_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE message IS 'Ids of messages that had their effect: none has it twice.';
COMMENT ON COLUMN message.id IS 'given by the producer';
COMMENT ON COLUMN message.task IS 'its name';
COMMENT ON COLUMN message.digest IS 'of its content: another one under the same id is told from a repetition';

CREATE TABLE pulse (
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE pulse IS 'Written only to see whether anything can be.';

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

COMMENT ON TABLE recipient IS 'A person on a channel, however often and in whatever spelling they were imported.';
COMMENT ON COLUMN recipient.identity IS 'what all spellings of an address fold into: E.164, or a mailbox';
COMMENT ON COLUMN recipient.suppressed_at IS 'begin asks this; written with the rows of suppression, which say why';
COMMENT ON COLUMN recipient.suppress_reason IS 'of the suppressions in force, the one that counts';

CREATE TABLE sid (
    sid TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    CONSTRAINT sid_pkey PRIMARY KEY (sid, attempt)
);

COMMENT ON TABLE sid IS 'Every id that a provider gave an attempt; a mail''s may be shared by the recipients of its group.';
COMMENT ON COLUMN sid.sid IS 'as the provider wrote it';

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

COMMENT ON TABLE start_message IS 'Texts that say START, each until the provider was asked when it was written.';
COMMENT ON COLUMN start_message.sid IS 'of the text';
COMMENT ON COLUMN start_message.identity IS 'who wrote it, as in recipient';
COMMENT ON COLUMN start_message.next_try_at IS 'NULL: asked';
COMMENT ON COLUMN start_message.tries IS 'so far';

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

COMMENT ON TABLE status_transition IS 'The history: every change of a request''s status, written by the triggers note_arrivals and note_moves (and where a row is replaced by one of the same status). Trigger tell_webhooks tells receivers.';
COMMENT ON COLUMN status_transition.from_status IS 'NULL: it came in';
COMMENT ON COLUMN status_transition.cause IS 'who or what moved it';
COMMENT ON COLUMN status_transition.attempt IS 'the latest one then';
COMMENT ON COLUMN status_transition.detail IS 'the report''s name, the operator''s words, our reason';

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

COMMENT ON TABLE suppression IS 'One row for each act by which somebody is not to be contacted. What is in force stands in recipient too.';
COMMENT ON COLUMN suppression.identity IS 'as in recipient';
COMMENT ON COLUMN suppression.channels IS 'on which it counts';
COMMENT ON COLUMN suppression.source IS 'where the act came from: stop, one-click, provider, operator, an event''s name';
COMMENT ON COLUMN suppression.act IS 'its id at the source: it acts once, however often it is told';
COMMENT ON COLUMN suppression.by IS 'who asked for it in somebody else''s name';
COMMENT ON COLUMN suppression.lifted_at IS 'since when it is not in force';

CREATE TABLE tally (
    name TEXT NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT tally_pkey PRIMARY KEY (name)
);

COMMENT ON TABLE tally IS 'Counted by the doors since ever; read by whoever is asked for metrics.';
COMMENT ON COLUMN tally.n IS 'over all processes';

CREATE TABLE archived_attempt (
    token UUID NOT NULL,
    recipient BIGINT NOT NULL,
    sid TEXT,
    CONSTRAINT archived_attempt_pkey PRIMARY KEY (token),
    CONSTRAINT archived_attempt_recipient_fkey FOREIGN KEY(recipient) REFERENCES recipient (id)
);

CREATE INDEX archived_attempt_recipient ON archived_attempt (recipient);

CREATE INDEX archived_attempt_sid ON archived_attempt (sid) WHERE sid IS NOT NULL;

COMMENT ON TABLE archived_attempt IS 'Whom an archived attempt was to: its link and its events go on saying stop for years.';
COMMENT ON COLUMN archived_attempt.token IS 'of the attempt';
COMMENT ON COLUMN archived_attempt.sid IS 'email: for events that come without our token';

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

COMMENT ON TABLE communication_batch IS 'Requests of a campaign that came together. Triggers: pace_new_batch gives it its row in batch_pace, wake_batch lets that look at once where an UPDATE opens the batch.';
COMMENT ON COLUMN communication_batch.batch_id IS 'given by whoever created it';
COMMENT ON COLUMN communication_batch.expires_on IS 'nothing begins afterwards; NULL: never';
COMMENT ON COLUMN communication_batch.paused IS 'by an operator';
COMMENT ON COLUMN communication_batch.call_rate IS 'attempts an hour, instead of the campaign''s';
COMMENT ON COLUMN communication_batch.auto_call_rate IS 'the rate that is done by expires_on';
COMMENT ON COLUMN communication_batch.auto_call_rate_baseline IS 'attempts an hour, as first computed';
COMMENT ON COLUMN communication_batch.error_message IS 'why its upload failed; nothing of it begins';
COMMENT ON COLUMN communication_batch.finished_at IS 'since when every request is final; NULL where work came back';
COMMENT ON COLUMN communication_batch.archived_at IS 'since when its requests are in a file instead';
COMMENT ON COLUMN communication_batch.deleted_at IS 'what waits is closed, what is under way lives on';
COMMENT ON COLUMN communication_batch.last_updated_by IS 'a person, or the door it came by';
COMMENT ON COLUMN communication_batch.created_as IS 'the fields it was created with: tells a repetition from a conflict';

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

COMMENT ON TABLE batch_pace IS 'When a batch may claim next: read by every tick, and not on the batch''s row, which begin locks. Written by scans; triggers: pace_new_batch inserts it, wake_batch, wake_campaign and wake_queued set next_claim_at.';
COMMENT ON COLUMN batch_pace.mode IS 'copied from the campaign: a scan is of one channel';
COMMENT ON COLUMN batch_pace.next_claim_at IS 'infinity: asleep until a trigger wakes it';
COMMENT ON COLUMN batch_pace.allowance IS 'requests that its rate allows by now and it has not claimed';
COMMENT ON COLUMN batch_pace.allowance_at IS 'as of when';
COMMENT ON COLUMN batch_pace.claimed_at IS 'when it last found work: an idle batch is looked at less often';
COMMENT ON COLUMN batch_pace.grants IS '[lease''s end, n]: what is claimed and may still become attempts counts against daily caps';
COMMENT ON COLUMN batch_pace.late IS 'requests not expected to be attempted before expires_on; NULL: none';

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

COMMENT ON TABLE communication_request IS 'Somebody to be contacted, once. Triggers: note_arrivals and note_moves write each change of its status to status_transition and request_count.';
COMMENT ON COLUMN communication_request.recipient IS 'NULL: the target is no address';
COMMENT ON COLUMN communication_request.attempt IS 'the latest; without a foreign key, as a send writes it';
COMMENT ON COLUMN communication_request.sent_at IS 'when the provider accepted the latest attempt';
COMMENT ON COLUMN communication_request.session_id IS 'of the conversation that the recipient began, as its system told us';
COMMENT ON COLUMN communication_request.conversation_id IS 'as session_id';
COMMENT ON COLUMN communication_request.attempt_count IS 'attempts that count: all but those proven never sent';
COMMENT ON COLUMN communication_request.extra_attempts IS 'allowed beyond the campaign''s: calls that never rang, an operator''s retry';
COMMENT ON COLUMN communication_request.is_duplicate IS 'the batch has the same recipient in an earlier row';
COMMENT ON COLUMN communication_request.reference_id IS 'given by whoever asked for it; unique in its batch';
COMMENT ON COLUMN communication_request.target IS 'as it was written';
COMMENT ON COLUMN communication_request.address IS 'as it is dialed or mailed: E.164, or a mailbox';
COMMENT ON COLUMN communication_request.request_variables IS 'for the templates';
COMMENT ON COLUMN communication_request.channel_manager_status IS 'the outcome in detail, in the wire''s spelling';
COMMENT ON COLUMN communication_request.error_code IS 'the provider''s, or ours';
COMMENT ON COLUMN communication_request.error_message IS 'a sentence that quotes no value';
COMMENT ON COLUMN communication_request.call_manager_sid IS 'the provider''s id of the latest attempt';
COMMENT ON COLUMN communication_request.moved_by IS 'who or what made the last change of status; the history copies it';
COMMENT ON COLUMN communication_request.moved_why IS 'the history''s detail';

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

COMMENT ON TABLE request_count IS 'How many requests of a batch are in a status. Written by the triggers note_arrivals and note_moves only; what sums up to nothing is removed when a batch has finished.';
COMMENT ON COLUMN request_count.slot IS 'spreads the count over rows, so that writers rarely wait; may be negative, only the sum counts';
COMMENT ON COLUMN request_count.n IS 'to be summed over the slots';

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

COMMENT ON TABLE queue IS 'One row exactly while a request is PENDING; the due time lives only here. Trigger wake_queued: an INSERT lets its batch look in time.';
COMMENT ON COLUMN queue.batch IS 'copied from the request, for the index';
COMMENT ON COLUMN queue.lease_token IS 'whoever claimed it; begin starts nothing under another one';
COMMENT ON COLUMN queue.lease_until IS 'afterwards it may be claimed again';
COMMENT ON COLUMN queue.claims IS 'how often a worker began with it and was not heard of again: finds what kills workers';
COMMENT ON COLUMN queue.group_limit IS 'email: how many may share a provider''s request, after a larger group was refused';
COMMENT ON COLUMN queue.faults IS 'begins that the database refused for its data';

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

COMMENT ON TABLE webhook_delivery IS 'What receivers outside are to be told. Inserted by the trigger tell_webhooks with the change that it tells.';
COMMENT ON COLUMN webhook_delivery.event IS 'its id on the wire: the same at every try';
COMMENT ON COLUMN webhook_delivery.body IS 'as text, because a signature is over bytes and every try sends the same ones';
COMMENT ON COLUMN webhook_delivery.next_try_at IS 'NULL: delivered, or given up';
COMMENT ON COLUMN webhook_delivery.tries IS 'so far';
COMMENT ON COLUMN webhook_delivery.last_answer IS 'a status code, or a kind of error';

-- The rules by which the people of a new database are told apart.
INSERT INTO fold VALUES (1);

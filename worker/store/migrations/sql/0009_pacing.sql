ALTER TABLE campaign
    ADD COLUMN holidays text[] NOT NULL DEFAULT '{}',
    ADD COLUMN date_overrides jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN recipient_hours boolean NOT NULL DEFAULT true,
    ADD COLUMN recipient_start_time time NOT NULL DEFAULT '09:00:00',
    ADD COLUMN recipient_end_time time NOT NULL DEFAULT '20:00:00',
    ADD COLUMN retry_on text[] NOT NULL DEFAULT '{busy,no-answer,failed,soft-bounce}',
    ADD COLUMN retry_delays jsonb NOT NULL DEFAULT '{}';

-- When a batch may claim next. A row of its own, because begin locks the batch; a tick reads only the
-- rows that are due, so that ten thousand open batches cost it nothing. A batch that can't claim until
-- somebody changes something sleeps at infinity, and the triggers below wake it.
CREATE TABLE batch_pace (
    batch BIGINT NOT NULL,
    mode TEXT NOT NULL,
    next_claim_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    allowance DOUBLE PRECISION DEFAULT '1' NOT NULL,
    allowance_at TIMESTAMP WITH TIME ZONE,
    claimed_at TIMESTAMP WITH TIME ZONE,
    grants JSONB DEFAULT '[]' NOT NULL,
    CONSTRAINT batch_pace_pkey PRIMARY KEY (batch),
    CONSTRAINT batch_pace_batch_fkey FOREIGN KEY(batch) REFERENCES communication_batch (id)
) WITH (fillfactor = 50);
CREATE INDEX batch_pace_due ON batch_pace (mode, next_claim_at);
CREATE INDEX attempt_batch_began ON attempt (batch, began_at);
DROP INDEX attempt_batch;

INSERT INTO batch_pace (batch, mode)
SELECT b.id, c.mode FROM communication_batch AS b JOIN campaign AS c ON c.id = b.campaign_id;

CREATE FUNCTION pace_new_batch_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO batch_pace (batch, mode)
    SELECT NEW.id, mode FROM campaign WHERE id = NEW.campaign_id;
    RETURN NULL;
END $$;

-- A pause changes nothing here and so waits for no scan; what may let work flow again does.
CREATE FUNCTION wake_batch_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE batch_pace SET next_claim_at = clock_timestamp() WHERE batch = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION wake_campaign_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE batch_pace SET next_claim_at = clock_timestamp() WHERE batch IN (
        SELECT id FROM communication_batch WHERE campaign_id = NEW.id AND finished_at IS NULL
    );
    RETURN NULL;
END $$;

-- Work that is due before its batch looks again. A row held by a scan is left alone: that scan, or the
-- next look of an idle batch a few seconds later, finds the work.
CREATE FUNCTION wake_queued_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE batch_pace AS p SET next_claim_at = early.due_at
    FROM (
        SELECT p.batch, work.due_at FROM (
            SELECT batch, min(due_at) AS due_at FROM queued GROUP BY batch
        ) AS work JOIN batch_pace AS p ON p.batch = work.batch AND p.next_claim_at > work.due_at
        ORDER BY p.batch FOR UPDATE OF p SKIP LOCKED
    ) AS early
    WHERE p.batch = early.batch;
    RETURN NULL;
END $$;

CREATE TRIGGER pace_new_batch AFTER INSERT ON communication_batch
    FOR EACH ROW EXECUTE FUNCTION pace_new_batch_v1();

CREATE TRIGGER wake_batch AFTER UPDATE ON communication_batch FOR EACH ROW
    WHEN ((OLD.paused AND NOT NEW.paused)
        OR OLD.expires_on IS DISTINCT FROM NEW.expires_on
        OR OLD.call_rate IS DISTINCT FROM NEW.call_rate
        OR OLD.auto_call_rate IS DISTINCT FROM NEW.auto_call_rate
        OR (OLD.error_message IS NOT NULL AND NEW.error_message IS NULL)
        OR (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL)
        OR (OLD.finished_at IS NOT NULL AND NEW.finished_at IS NULL))
    EXECUTE FUNCTION wake_batch_v1();

CREATE TRIGGER wake_campaign AFTER UPDATE ON campaign
    FOR EACH ROW EXECUTE FUNCTION wake_campaign_v1();

CREATE TRIGGER wake_queued AFTER INSERT ON queue
    REFERENCING NEW TABLE AS queued FOR EACH STATEMENT EXECUTE FUNCTION wake_queued_v1();

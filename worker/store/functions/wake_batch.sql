-- A batch that can't claim until somebody changes something sleeps at infinity: what may let work flow again
-- wakes it, or lets it sleep until it starts. A pause changes nothing here and so waits for no scan.
--
-- A trigger and no call in sight, because nothing else would ever look at a batch that was forgotten here:
-- ten statements change a batch by now, beside whatever somebody types in the middle of an incident, and the
-- eleventh wakes it too. What opens a batch is said once, by the conditions below.

CREATE OR REPLACE FUNCTION wake_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE batch_pace SET next_claim_at = greatest(clock_timestamp(), NEW.starts_at) WHERE batch = NEW.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER wake_batch AFTER UPDATE ON communication_batch FOR EACH ROW
    WHEN ((OLD.paused AND NOT NEW.paused)
        OR OLD.starts_at IS DISTINCT FROM NEW.starts_at
        OR OLD.expires_on IS DISTINCT FROM NEW.expires_on
        OR OLD.call_rate IS DISTINCT FROM NEW.call_rate
        OR OLD.auto_call_rate IS DISTINCT FROM NEW.auto_call_rate
        OR (OLD.error_message IS NOT NULL AND NEW.error_message IS NULL)
        OR (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL)
        OR (OLD.finished_at IS NOT NULL AND NEW.finished_at IS NULL))
    EXECUTE FUNCTION wake_batch();

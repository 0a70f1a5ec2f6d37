-- Hours, rates and caps of a campaign decide when its batches look again, which may be days away by the old
-- ones: an edit wakes them. A trigger for the same reason as wake_batch: hours that somebody mends by hand in
-- the middle of an incident count at once too.

CREATE OR REPLACE FUNCTION wake_campaign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE batch_pace SET next_claim_at = clock_timestamp() WHERE batch IN (
        SELECT id FROM communication_batch WHERE campaign_id = NEW.id AND finished_at IS NULL
    );
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER wake_campaign AFTER UPDATE ON campaign
    FOR EACH ROW EXECUTE FUNCTION wake_campaign();

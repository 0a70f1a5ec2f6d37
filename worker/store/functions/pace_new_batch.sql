-- When a batch may claim next stands in a row of its own, because begin locks the batch; a tick reads only
-- the rows that are due, so that ten thousand open batches cost it nothing. The row comes with its batch:
-- one without it would never be looked at. Nor is one looked at before it starts.

CREATE OR REPLACE FUNCTION pace_new_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO batch_pace (batch, channel, next_claim_at)
    SELECT NEW.id, mode, greatest(clock_timestamp(), NEW.starts_at) FROM campaign WHERE id = NEW.campaign_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER pace_new_batch AFTER INSERT ON communication_batch
    FOR EACH ROW EXECUTE FUNCTION pace_new_batch();

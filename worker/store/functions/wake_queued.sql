-- Work that is due before its batch looks again. A row held by a scan is left alone: that scan, or the
-- next look of an idle batch a few seconds later, finds the work.
--
-- A trigger, because four statements put work into the queue (imports, retries, replacements, what evidence
-- changes), each with rows of many batches: it does once for a statement what each would have to repeat.

CREATE OR REPLACE FUNCTION wake_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE batch_pace AS p SET next_claim_at = early.at
    FROM (
        SELECT p.batch, greatest(work.due_at, b.starts_at) AS at FROM (
            SELECT batch, min(due_at) AS due_at FROM queued GROUP BY batch
        ) AS work JOIN batch_pace AS p ON p.batch = work.batch AND p.next_claim_at > work.due_at
        JOIN communication_batch AS b ON b.id = p.batch
        WHERE b.starts_at IS NULL OR p.next_claim_at > b.starts_at
        ORDER BY p.batch FOR UPDATE OF p SKIP LOCKED
    ) AS early
    WHERE p.batch = early.batch;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER wake_queued AFTER INSERT ON queue
    REFERENCING NEW TABLE AS queued FOR EACH STATEMENT EXECUTE FUNCTION wake_queued();

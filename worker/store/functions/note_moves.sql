-- Every change of a request's status is written down and counted, whoever makes it: a statement trigger
-- appends to status_transition and moves request_count, in the transaction of the change.
-- It is counted for ever in tally_slot, too, which no archive makes smaller.
-- The slot spreads one batch's counts over rows, so that writers rarely wait for each other; within a
-- statement the rows are taken in key order. A single slot may go below zero; only the sum counts.
--
-- Without nested loops: nobody knows how many rows a statement moves when its plan is made, and comparing
-- each of 500 with each of 500 costs more than everything else that a delivery asks of the database.

CREATE OR REPLACE FUNCTION note_moves() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
BEGIN
    WITH moved AS (
        INSERT INTO status_transition
            (request, from_status, to_status, channel_manager_status, at, cause, attempt, detail)
        SELECT id, was.request_status, became.request_status, became.channel_manager_status,
               clock_timestamp(), became.moved_by, became.attempt, became.moved_why
        FROM became JOIN was USING (id)
        WHERE was.request_status <> became.request_status
        ORDER BY id
        RETURNING to_status, cause
    )
    INSERT INTO tally_slot (name, slot, n)
    SELECT concat('move:', to_status, ':', cause), mod(pg_backend_pid(), 64), count(*)
    FROM moved GROUP BY 1 ORDER BY 1
    ON CONFLICT (name, slot) DO UPDATE SET n = tally_slot.n + excluded.n;

    -- What did not move cancels out.
    INSERT INTO request_count (batch, request_status, channel_manager_status, slot, n)
    SELECT batch, request_status, channel_manager_status, mod(pg_backend_pid(), 64), sum(change)
    FROM (
        SELECT batch, request_status, channel_manager_status, 1 AS change FROM became
        UNION ALL
        SELECT batch, request_status, channel_manager_status, -1 FROM was
    ) AS changes
    GROUP BY 1, 2, 3 HAVING sum(change) <> 0 ORDER BY 1, 2, 3
    ON CONFLICT (batch, request_status, channel_manager_status, slot)
    DO UPDATE SET n = request_count.n + excluded.n;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER note_moves AFTER UPDATE ON communication_request
    REFERENCING OLD TABLE AS was NEW TABLE AS became
    FOR EACH STATEMENT EXECUTE FUNCTION note_moves();

-- Every change of a request's status is written down and counted, whoever makes it: two statement
-- triggers append to status_transition and move request_count, in the transaction of the change.
-- The slot spreads one batch's counts over rows, so that writers rarely wait for each other; within a
-- statement the rows are taken in key order. A single slot may go below zero; only the sum counts.

CREATE FUNCTION note_arrivals_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_transition
        (request, from_status, to_status, channel_manager_status, at, cause, attempt, detail)
    SELECT id, NULL, request_status, channel_manager_status, clock_timestamp(),
           moved_by, attempt, moved_why
    FROM arrived ORDER BY id;

    INSERT INTO request_count (batch, request_status, channel_manager_status, slot, n)
    SELECT batch, request_status, channel_manager_status, mod(pg_backend_pid(), 64), count(*)
    FROM arrived GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (batch, request_status, channel_manager_status, slot)
    DO UPDATE SET n = request_count.n + excluded.n;
    RETURN NULL;
END $$;

CREATE FUNCTION note_moves_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_transition
        (request, from_status, to_status, channel_manager_status, at, cause, attempt, detail)
    SELECT id, was.request_status, became.request_status, became.channel_manager_status,
           clock_timestamp(), became.moved_by, became.attempt, became.moved_why
    FROM became JOIN was USING (id)
    WHERE was.request_status <> became.request_status
    ORDER BY id;

    INSERT INTO request_count (batch, request_status, channel_manager_status, slot, n)
    SELECT batch, request_status, channel_manager_status, mod(pg_backend_pid(), 64), sum(change)
    FROM (
        SELECT became.batch, became.request_status, became.channel_manager_status, 1 AS change
        FROM became JOIN was USING (id)
        WHERE (was.request_status, was.channel_manager_status)
            <> (became.request_status, became.channel_manager_status)
        UNION ALL
        SELECT was.batch, was.request_status, was.channel_manager_status, -1
        FROM became JOIN was USING (id)
        WHERE (was.request_status, was.channel_manager_status)
            <> (became.request_status, became.channel_manager_status)
    ) AS changes
    GROUP BY 1, 2, 3 HAVING sum(change) <> 0 ORDER BY 1, 2, 3
    ON CONFLICT (batch, request_status, channel_manager_status, slot)
    DO UPDATE SET n = request_count.n + excluded.n;
    RETURN NULL;
END $$;

CREATE TRIGGER note_arrivals AFTER INSERT ON communication_request
    REFERENCING NEW TABLE AS arrived
    FOR EACH STATEMENT EXECUTE FUNCTION note_arrivals_v1();

CREATE TRIGGER note_moves AFTER UPDATE ON communication_request
    REFERENCING OLD TABLE AS was NEW TABLE AS became
    FOR EACH STATEMENT EXECUTE FUNCTION note_moves_v1();

-- Every request that comes in is written into the history and counted, whoever brings it; see note_moves.

CREATE OR REPLACE FUNCTION note_arrivals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH came AS (
        INSERT INTO status_transition
            (request, from_status, to_status, channel_manager_status, at, cause, attempt, detail)
        SELECT id, NULL, request_status, channel_manager_status, clock_timestamp(),
               moved_by, attempt, moved_why
        FROM arrived ORDER BY id
        RETURNING to_status, cause
    )
    INSERT INTO tally_slot (name, slot, n)
    SELECT concat('move:', to_status, ':', cause), mod(pg_backend_pid(), 64), count(*)
    FROM came GROUP BY 1 ORDER BY 1
    ON CONFLICT (name, slot) DO UPDATE SET n = tally_slot.n + excluded.n;

    INSERT INTO request_count (batch, request_status, channel_manager_status, slot, n)
    SELECT batch, request_status, channel_manager_status, mod(pg_backend_pid(), 64), count(*)
    FROM arrived GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (batch, request_status, channel_manager_status, slot)
    DO UPDATE SET n = request_count.n + excluded.n;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER note_arrivals AFTER INSERT ON communication_request
    REFERENCING NEW TABLE AS arrived
    FOR EACH STATEMENT EXECUTE FUNCTION note_arrivals();

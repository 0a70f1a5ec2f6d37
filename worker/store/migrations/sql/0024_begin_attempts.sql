-- The only gate to a provider. Given the requests of one batch that were claimed under one lease, it
-- writes an attempt for each that may still go out and returns it as a ticket; the others are handed
-- back with a reason. One call is one transaction: a deadlock or a crash leaves nothing begun.
--
-- Lock order, here and everywhere: batch, recipients, requests, attempts; ascending within a level.
-- One statement per level, because under READ COMMITTED each statement sees what committed while the
-- one before it waited: a single large CTE did not see an opt-out that committed meanwhile.
-- FOR NO KEY UPDATE on the batch, because a pause must wait for us or we for it: the foreign key's own
-- KEY SHARE lets attempts slip past a committed pause, and SHARE deadlocks with any update of the row.
--
-- Every row is reached by its key, whatever the statistics say: they are as old as the last ANALYZE, and a
-- chunk of 500 out of a table that looks small is otherwise read from its first page to its last, and
-- its attempts are looked for among all that are under way. So what begins is written by one statement, too.
--
-- p_limit: how many calls may be under way at once, over all workers; 0: any number. Other channels have no
-- such limit. More than that are handed back as no_slot, and may be claimed again at once.
--
-- p_version: of the campaign, as it was when the words were read; it may have changed since. NULL: whoever
-- asks is of a release that does not say.
--
-- p_account: by which of the providers' accounts the caller will send. The campaign may name another one by
-- now: then nothing begins, for the attempt says where it is looked for. A process of a release that knew one
-- account says nothing, and sends by main.
--
-- p_sources: what the caller will send from, one for each of p_requests, or one for all of them; the campaign
-- may name another one by now, and the attempt says where it is looked for. NULL: a process of a release that
-- knew one source for each campaign, which begins nothing of one that has a pool.

CREATE OR REPLACE FUNCTION begin_attempts(
    p_batch bigint, p_lease uuid, p_requests bigint[], p_send_window interval, p_answer_time interval,
    p_limit integer, p_version integer DEFAULT NULL,
    p_account text DEFAULT 'main', p_sources text[] DEFAULT NULL
) RETURNS TABLE (request bigint, verdict text, attempt bigint, token uuid, send_within float8)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_why text;
    v_until timestamptz;
    v_channel text;
    v_source text;
    v_account text;
    v_pool jsonb;
    v_campaign text;
    v_cap integer;
    v_cap_days integer;
    v_requests bigint[] := p_requests;
    v_recipients bigint[];
    v_opted_out bigint[];
    v_room integer;
    v_unplaced bigint[];
    v_claimed bigint[];
    v_ready bigint[];
    v_gone bigint[];
    v_capped bigint[];
    v_busy bigint[];
    v_now timestamptz;
BEGIN
    -- A halt takes this lock exclusively: once it has committed, nothing more begins.
    PERFORM pg_advisory_xact_lock_shared(7230002);

    -- 1. The batch.
    SELECT CASE WHEN deleted_at IS NOT NULL THEN 'deleted'
                WHEN expires_on <= clock_timestamp() THEN 'expired'
                WHEN starts_at > clock_timestamp() THEN 'not_started'
                WHEN paused THEN 'paused' END,
           expires_on, campaign_id::text
    INTO v_why, v_until, v_campaign
    FROM communication_batch WHERE id = p_batch FOR NO KEY UPDATE;

    SELECT mode, source, account, pool, frequency_cap, frequency_days
    INTO v_channel, v_source, v_account, v_pool, v_cap, v_cap_days
    FROM campaign WHERE id = v_campaign::bigint;
    IF v_why IS NULL AND EXISTS (
        SELECT FROM halt WHERE (scope, key) IN
            (('all', ''), ('channel', v_channel), ('channel', v_channel || '@' || v_account),
             ('campaign', v_campaign))
    ) THEN
        v_why := 'halted';
    END IF;
    IF v_why IS NULL AND v_account <> p_account THEN
        v_why := 'other_account';
    END IF;
    IF v_why IS NULL AND p_sources IS NULL AND v_pool <> '[]' THEN
        v_why := 'other_source';
    END IF;
    v_source := CASE WHEN cardinality(p_sources) = 1 THEN p_sources[1] ELSE v_source END;

    -- 2. The places. Who begins waits for those before to commit, so that each counts what all others began;
    -- after the batch, because who has this turn waits for nobody's batch: one that somebody holds would
    -- keep every campaign from beginning.
    IF v_why IS NULL AND p_limit > 0 AND v_channel = 'voice' THEN
        PERFORM pg_advisory_xact_lock(7230012);
        v_room := greatest(0, p_limit - calls_under_way());
        v_requests := p_requests[:v_room];
    END IF;

    -- 3. The recipients.
    SELECT array_agg(DISTINCT recipient) INTO v_recipients
    FROM communication_request WHERE id = ANY (v_requests);
    PERFORM FROM recipient WHERE id = ANY (v_recipients) ORDER BY id FOR NO KEY UPDATE;

    -- 4. The requests, and among them those still claimed under this lease.
    PERFORM FROM communication_request WHERE id = ANY (v_requests) ORDER BY id FOR NO KEY UPDATE;
    SELECT array_agg(held.request) INTO v_claimed FROM (
        SELECT request FROM queue
        WHERE request = ANY (v_requests) AND batch = p_batch
            AND lease_token = p_lease AND lease_until > clock_timestamp()
        ORDER BY request FOR UPDATE
    ) AS held;
    IF v_room < cardinality(p_requests) THEN
        WITH unplaced AS (
            UPDATE queue SET lease_token = NULL, lease_until = NULL
            WHERE request = ANY (p_requests[v_room + 1:]) AND lease_token = p_lease
            RETURNING request
        )
        SELECT array_agg(unplaced.request) INTO v_unplaced FROM unplaced;
    END IF;

    -- All locks are held: only now does the clock decide, for the batch may have expired while we waited.
    v_now := clock_timestamp();
    IF v_why IS NULL AND v_until <= v_now THEN
        v_why := 'expired';
    END IF;

    IF v_why IS NOT NULL THEN
        UPDATE queue SET lease_token = NULL, lease_until = NULL, claims = 0
        WHERE request = ANY (v_claimed);
        RETURN QUERY
            SELECT handed, v_why, NULL::bigint, NULL::uuid, NULL::float8 FROM unnest(v_claimed) AS handed
            UNION ALL
            SELECT handed, 'no_slot', NULL, NULL, NULL FROM unnest(v_unplaced) AS handed;
        RETURN;
    END IF;

    -- 5. Who opted out is skipped, for good. One whose recipient was replaced meanwhile is not claimed any more.
    SELECT array_agg(id) INTO v_opted_out
    FROM recipient WHERE id = ANY (v_recipients) AND suppressed_at IS NOT NULL;
    IF v_opted_out IS NOT NULL THEN
        WITH skipped AS (
            UPDATE communication_request AS r
            SET request_status = 'SKIPPED',
                channel_manager_status = 'PRIOR_' || upper(p.suppress_reason),
                moved_by = 'dispatch', moved_why = 'suppressed'
            FROM recipient AS p
            WHERE r.id = ANY (v_claimed) AND p.id = r.recipient AND p.id = ANY (v_opted_out)
                AND r.request_status = 'PENDING'
            RETURNING r.id
        ), dequeued AS (
            DELETE FROM queue WHERE request IN (SELECT id FROM skipped)
        )
        SELECT array_agg(id) INTO v_gone FROM skipped;
    END IF;

    -- 6. Who was contacted often enough of late, by whatever campaign, is skipped too.
    IF v_cap IS NOT NULL THEN
        WITH skipped AS (
            UPDATE communication_request AS r
            SET request_status = 'SKIPPED', channel_manager_status = 'DROPPED',
                error_code = 'frequency_cap', moved_by = 'dispatch', moved_why = 'frequency_cap'
            WHERE r.id = ANY (v_claimed) AND r.request_status = 'PENDING' AND v_cap <= (
                SELECT count(*) FROM communication_request AS any_batch
                JOIN attempt AS a ON a.request = any_batch.id
                WHERE any_batch.recipient = r.recipient AND a.counted
                    AND a.began_at > v_now - make_interval(days => v_cap_days)
            )
            RETURNING r.id
        ), dequeued AS (
            DELETE FROM queue WHERE request IN (SELECT id FROM skipped)
        )
        SELECT array_agg(id) INTO v_capped FROM skipped;
    END IF;

    -- 7. Who has an attempt under way, in whatever batch, waits until somebody looks at that one.
    WITH busy AS (
        UPDATE queue AS q
        SET due_at = a.check_at, lease_token = NULL, lease_until = NULL, claims = 0
        FROM communication_request AS r CROSS JOIN LATERAL (
            SELECT check_at FROM attempt
            WHERE recipient = r.recipient AND state IN ('SENDING', 'IN_DOUBT')
            UNION ALL
            SELECT check_at FROM attempt WHERE request = r.id AND state = 'ACCEPTED' AND NOT late
        ) AS a
        WHERE q.request = ANY (v_claimed) AND r.id = q.request
        RETURNING q.request
    )
    SELECT array_agg(busy.request) INTO v_busy FROM busy;

    -- 8. The others begin.
    SELECT array_agg(r.id ORDER BY r.id) INTO v_ready FROM communication_request AS r
    WHERE r.id = ANY (v_claimed) AND r.request_status = 'PENDING'
        AND r.id <> ALL (coalesce(v_gone, '{}')) AND r.id <> ALL (coalesce(v_busy, '{}'));

    RETURN QUERY
        WITH begun AS (
            INSERT INTO attempt (request, batch, recipient, channel, source, account, attempt_number,
                                 token, state, campaign_version, began_at, send_by, check_at)
            SELECT r.id, r.batch, r.recipient, v_channel,
                   CASE WHEN cardinality(p_sources) > 1 THEN p_sources[array_position(p_requests, r.id)]
                        ELSE v_source END,
                   v_account,
                   1 + coalesce((SELECT max(a.attempt_number) FROM attempt AS a WHERE a.request = r.id), 0),
                   gen_random_uuid(), 'SENDING', p_version, v_now,
                   least(v_now + p_send_window, v_until), v_now + p_answer_time
            FROM communication_request AS r WHERE r.id = ANY (v_ready) ORDER BY r.id
            RETURNING attempt.id, attempt.request, attempt.token, attempt.send_by
        ), moved AS (
            UPDATE communication_request AS r
            SET request_status = 'INITIATED', channel_manager_status = 'PENDING', attempt = begun.id,
                attempt_count = r.attempt_count + 1, error_code = NULL, error_message = NULL,
                moved_by = 'dispatch', moved_why = NULL
            FROM begun WHERE r.id = begun.request
        ), dequeued AS (
            DELETE FROM queue WHERE request = ANY (v_ready)
        )
        SELECT begun.request, 'begun', begun.id, begun.token,
               extract(epoch FROM begun.send_by - clock_timestamp())::float8
        FROM begun
        UNION ALL
        SELECT handed, 'suppressed', NULL, NULL, NULL FROM unnest(v_gone) AS handed
        UNION ALL
        SELECT handed, 'frequency_cap', NULL, NULL, NULL FROM unnest(v_capped) AS handed
        UNION ALL
        SELECT handed, 'recipient_busy', NULL, NULL, NULL FROM unnest(v_busy) AS handed
        UNION ALL
        SELECT handed, 'no_slot', NULL, NULL, NULL FROM unnest(v_unplaced) AS handed;
END $$;

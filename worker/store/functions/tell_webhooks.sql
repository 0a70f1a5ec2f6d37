-- What a campaign's receivers are to be told, written in the transaction of the change itself: a change
-- that rolls back tells nobody, one that commits is told even if every process dies right after.
-- A statement that moves no request of a campaign with webhooks pays one look into an empty index.

CREATE OR REPLACE FUNCTION tell_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM campaign WHERE webhooks <> '[]') THEN
        RETURN NULL;
    END IF;
    INSERT INTO webhook_delivery (event, request, url, body, next_try_at)
    SELECT event, request, url, CAST(jsonb_build_object(
               'id', event,
               'type', 'communication_request.status',
               'sequence', sequence,
               'occurred_at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
               'campaign_id', campaign_id,
               'batch_id', batch_id,
               'reference_id', reference_id,
               'request_status', to_status,
               'channel_manager_status', channel_manager_status,
               'error_code', error_code,
               'call_manager_sid', call_manager_sid,
               'attempt_count', attempt_count,
               'session_id', session_id,
               'conversation_id', conversation_id
           ) AS text), clock_timestamp()
    FROM (
        SELECT gen_random_uuid() AS event, told.id AS sequence, told.request, told.at, told.to_status,
               told.channel_manager_status, hook ->> 'url' AS url, b.campaign_id, b.batch_id,
               r.reference_id, r.error_code, r.call_manager_sid, r.attempt_count, r.session_id,
               r.conversation_id
        FROM told
        JOIN communication_request AS r ON r.id = told.request
        JOIN communication_batch AS b ON b.id = r.batch
        JOIN campaign AS c ON c.id = b.campaign_id AND c.webhooks <> '[]'
        CROSS JOIN LATERAL jsonb_array_elements(c.webhooks) AS hook
        WHERE hook ->> 'url' IS NOT NULL AND CASE
            WHEN jsonb_typeof(hook -> 'statuses') = 'array' THEN hook -> 'statuses' ? told.to_status
            ELSE told.to_status NOT IN ('PENDING', 'INITIATED', 'CONNECTED') END
        ORDER BY told.id
    ) AS events;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER tell_webhooks AFTER INSERT ON status_transition
    REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION tell_webhooks();

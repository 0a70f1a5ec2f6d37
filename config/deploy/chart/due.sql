SELECT count(*) FROM (
    SELECT FROM batch_pace AS p
    JOIN communication_batch AS b ON b.id = p.batch
    CROSS JOIN LATERAL (
        SELECT FROM queue AS q WHERE q.batch = b.id AND q.due_at <= now() LIMIT 100000
    ) AS of_batch
    WHERE p.channel = '{{ .kind }}'
        AND NOT b.paused AND b.deleted_at IS NULL AND b.finished_at IS NULL AND b.error_message IS NULL
        AND (b.starts_at IS NULL OR b.starts_at <= now())
        AND (b.expires_on IS NULL OR b.expires_on > now())
    LIMIT 100000
) AS due

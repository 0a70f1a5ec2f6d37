-- Which scheduler does a duty next, and what became of it last.
CREATE TABLE duty (
    name TEXT NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    seconds DOUBLE PRECISION,
    fault TEXT,
    CONSTRAINT duty_pkey PRIMARY KEY (name)
);

-- The sweep reads what is open. Of a finished batch nothing is left that counts open requests.
CREATE INDEX communication_batch_unfinished ON communication_batch (id) WHERE finished_at IS NULL;
DELETE FROM request_count AS c USING (
    SELECT batch, request_status, channel_manager_status FROM request_count
    WHERE request_status IN ('PENDING', 'INITIATED', 'CONNECTED')
        AND batch IN (SELECT id FROM communication_batch WHERE finished_at IS NOT NULL)
    GROUP BY 1, 2, 3 HAVING sum(n) = 0
) AS nothing
WHERE (c.batch, c.request_status, c.channel_manager_status)
    = (nothing.batch, nothing.request_status, nothing.channel_manager_status);
CREATE INDEX request_count_open ON request_count (batch)
    WHERE request_status IN ('PENDING', 'INITIATED', 'CONNECTED');

-- Attempts that count, by quarter of an hour, so that a daily cap need not count the day at each look.
CREATE TABLE begun_count (
    campaign BIGINT NOT NULL,
    quarter TIMESTAMP WITH TIME ZONE NOT NULL,
    slot SMALLINT NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT begun_count_pkey PRIMARY KEY (campaign, quarter, slot)
) WITH (fillfactor = 50);

CREATE FUNCTION count_begun_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO begun_count (campaign, quarter, slot, n)
    SELECT b.campaign_id, date_bin('15 minutes', a.began_at, 'epoch'), mod(pg_backend_pid(), 8),
           count(*)
    FROM begun AS a JOIN communication_batch AS b ON b.id = a.batch
    WHERE a.counted GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (campaign, quarter, slot) DO UPDATE SET n = begun_count.n + excluded.n;
    RETURN NULL;
END $$;

INSERT INTO begun_count (campaign, quarter, slot, n)
SELECT b.campaign_id, date_bin('15 minutes', a.began_at, 'epoch'), 0, count(*)
FROM attempt AS a JOIN communication_batch AS b ON b.id = a.batch
WHERE a.counted AND a.began_at > clock_timestamp() - interval '2 days' GROUP BY 1, 2;

CREATE TRIGGER count_begun AFTER INSERT ON attempt
    REFERENCING NEW TABLE AS begun FOR EACH STATEMENT EXECUTE FUNCTION count_begun_v1();

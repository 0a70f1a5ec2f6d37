-- Attempts that count, by quarter of an hour, so that a daily cap need not count the day at each look. What
-- an attempt turns out to be afterwards is added by who writes it (worker/store/changes.py).

CREATE OR REPLACE FUNCTION count_begun() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO begun_count (campaign, quarter, slot, n)
    SELECT b.campaign_id, date_bin('15 minutes', a.began_at, 'epoch'), mod(pg_backend_pid(), 8),
           count(*)
    FROM begun AS a JOIN communication_batch AS b ON b.id = a.batch
    WHERE a.counted GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (campaign, quarter, slot) DO UPDATE SET n = begun_count.n + excluded.n;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER count_begun AFTER INSERT ON attempt
    REFERENCING NEW TABLE AS begun
    FOR EACH STATEMENT EXECUTE FUNCTION count_begun();

-- The calls under way, and nothing else: counted before each begin where their number is limited.
CREATE INDEX attempt_calls ON attempt (began_at)
    WHERE channel = 'voice' AND state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED');

-- The calls under way, and nothing else: counted before each begin where their number is limited.
CREATE INDEX attempt_calls ON attempt (began_at)
    WHERE channel = 'voice' AND state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED');

-- How many requests of an auto-paced batch are not expected to be attempted before it expires.
ALTER TABLE batch_pace ADD COLUMN late INTEGER;
CREATE INDEX batch_pace_late ON batch_pace (batch) WHERE late IS NOT NULL;

ALTER TABLE archived_attempt ADD COLUMN sid TEXT;
CREATE INDEX archived_attempt_sid ON archived_attempt (sid) WHERE sid IS NOT NULL;

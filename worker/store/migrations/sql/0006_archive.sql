ALTER TABLE communication_batch ADD COLUMN archived_at timestamptz;
ALTER TABLE sid DROP CONSTRAINT sid_attempt_fkey;

-- A create is compared with what it was created with, however often it was edited since; a dead letter
-- remembers which message it was, so that a redelivered one is kept once.

ALTER TABLE campaign ADD COLUMN created_as JSONB;
ALTER TABLE communication_batch ADD COLUMN created_as JSONB;

ALTER TABLE dead_letter ADD COLUMN task TEXT;
ALTER TABLE dead_letter ADD COLUMN message_id TEXT;
ALTER TABLE dead_letter ADD COLUMN digest TEXT;
ALTER TABLE dead_letter ADD CONSTRAINT dead_letter_message_id_digest_key UNIQUE (message_id, digest);
CREATE INDEX dead_letter_open ON dead_letter (id) WHERE settled_at IS NULL;

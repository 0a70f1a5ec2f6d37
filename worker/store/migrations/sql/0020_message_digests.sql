-- What an id said, so that another message under the same id is told from a repetition.

ALTER TABLE message ADD COLUMN digest TEXT;

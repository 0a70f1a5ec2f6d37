-- Begins of a request that was alone in its chunk and that the database refused for its data. A constant
-- default: no row is rewritten.
ALTER TABLE queue ADD COLUMN faults SMALLINT DEFAULT '0' NOT NULL;

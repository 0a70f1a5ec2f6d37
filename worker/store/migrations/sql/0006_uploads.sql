CREATE TABLE upload (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    batch BIGINT NOT NULL,
    filename TEXT NOT NULL,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    received_by TEXT NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    fault TEXT,
    outcome JSONB,
    CONSTRAINT upload_pkey PRIMARY KEY (id),
    CONSTRAINT upload_batch_fkey FOREIGN KEY(batch) REFERENCES communication_batch (id)
);
CREATE INDEX upload_batch ON upload (batch);
CREATE INDEX upload_waiting ON upload (batch, id) WHERE finished_at IS NULL;
COMMENT ON TABLE upload IS 'A file of a batch. While one waits, the batch is not finished.';
COMMENT ON COLUMN upload.filename IS 'as its bringer called it';
COMMENT ON COLUMN upload.digest IS 'SHA-256 of its bytes: the same file again';
COMMENT ON COLUMN upload.size IS 'bytes';
COMMENT ON COLUMN upload.received_at IS 'answered from then on';
COMMENT ON COLUMN upload.received_by IS 'whose changes its rows are';
COMMENT ON COLUMN upload.finished_at IS 'NULL: its rows are not in the batch yet';
COMMENT ON COLUMN upload.fault IS 'why nothing of it was stored';
COMMENT ON COLUMN upload.outcome IS 'what became of its rows';
CREATE TABLE upload_part (
    upload BIGINT NOT NULL,
    place INTEGER NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT upload_part_pkey PRIMARY KEY (upload, place),
    CONSTRAINT upload_part_upload_fkey FOREIGN KEY(upload) REFERENCES upload (id)
);
COMMENT ON TABLE upload_part IS 'The bytes of a file that waits; gone once its rows are in the batch.';
COMMENT ON COLUMN upload_part.upload IS 'whose they are';
COMMENT ON COLUMN upload_part.place IS 'from 0';
COMMENT ON COLUMN upload_part.content IS 'at most 1 MiB of its bytes';

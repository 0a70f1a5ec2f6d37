CREATE INDEX attempt_late ON attempt (request) WHERE late;
CREATE INDEX recipient_suppressed ON recipient (suppressed_at) WHERE suppressed_at IS NOT NULL;

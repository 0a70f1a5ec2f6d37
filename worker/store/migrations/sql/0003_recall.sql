CREATE INDEX attempt_late ON attempt (request) WHERE late;

ALTER TABLE campaign
    ADD COLUMN frequency_cap integer,
    ADD COLUMN frequency_days integer NOT NULL DEFAULT 7,
    ADD CONSTRAINT campaign_frequency_check CHECK (frequency_cap > 0 AND frequency_days > 0);
CREATE INDEX attempt_recipient ON attempt (recipient, began_at);

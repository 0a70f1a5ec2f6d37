ALTER TABLE recipient RENAME COLUMN address TO identity;
ALTER TABLE recipient RENAME CONSTRAINT recipient_channel_address_key TO recipient_channel_identity_key;
ALTER TABLE recipient RENAME CONSTRAINT recipient_address_not_null TO recipient_identity_not_null;
CREATE UNIQUE INDEX communication_request_one_per_recipient ON communication_request (batch, recipient)
    WHERE NOT is_duplicate AND recipient IS NOT NULL;
DROP INDEX communication_request_one_per_address;
CREATE TABLE fold (version INTEGER NOT NULL);
INSERT INTO fold SELECT CASE WHEN EXISTS (SELECT FROM recipient) THEN 0 ELSE 1 END;

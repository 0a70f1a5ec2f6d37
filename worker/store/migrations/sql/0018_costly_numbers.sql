ALTER TABLE campaign ADD COLUMN allow_costly_numbers BOOLEAN DEFAULT false NOT NULL;

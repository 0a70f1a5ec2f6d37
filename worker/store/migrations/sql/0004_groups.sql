ALTER TABLE queue ADD COLUMN group_limit smallint;

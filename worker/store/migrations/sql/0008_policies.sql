ALTER TABLE campaign
    ADD COLUMN allowed_regions text[] NOT NULL DEFAULT '{}',
    ADD COLUMN refused_line_types text[] NOT NULL DEFAULT '{}';

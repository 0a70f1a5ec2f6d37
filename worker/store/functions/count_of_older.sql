-- Processes of older releases count in tally: those of the first with one row for each name, others with a row
-- for each name and slot. Both find the one row there is.

CREATE OR REPLACE FUNCTION count_of_older() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.slot := 0;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER count_of_older BEFORE INSERT ON tally
    FOR EACH ROW EXECUTE FUNCTION count_of_older();

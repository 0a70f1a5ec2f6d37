-- What the doors count, so that whoever is asked knows what every process counted.
CREATE TABLE tally (
    name TEXT NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT tally_pkey PRIMARY KEY (name)
);

CREATE TABLE deployment (
    one BOOLEAN PRIMARY KEY DEFAULT true CONSTRAINT deployment_one_check CHECK (one),
    profile TEXT NOT NULL
);

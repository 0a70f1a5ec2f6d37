"""`make mutants`: named faults, put into the code one at a time; some test must see each of them."""

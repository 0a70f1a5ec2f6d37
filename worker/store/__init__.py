"""The memory of everything: the only room that speaks SQL. PostgreSQL tells the time, everywhere."""

"""What is remembered: the only room that speaks SQL. PostgreSQL tells the time, everywhere."""

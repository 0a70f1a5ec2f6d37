"""A week on paper: random campaigns, DST nights, and every rule judged by a second reading of it."""

"""When a batch may claim and how fast: windows, hours, pace, eligibility, forecasts. Times are aware datetimes."""

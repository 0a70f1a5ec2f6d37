"""Time and pace: windows, hours, rates, eligibility and forecasts. All times are aware datetimes."""

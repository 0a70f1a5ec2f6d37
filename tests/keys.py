"""What only has to be well formed."""

PUBLIC_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWbl3iF4BXj0yqFybu4tx32AfMTq338rHztwgbVlB"
    "hz10rrPf9mbHHgLtAGxVczDysi5vxhdW2rxLluQsSYFl2Q=="
)
"""Of an event webhook that nobody signs for."""

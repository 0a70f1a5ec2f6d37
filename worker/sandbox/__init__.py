"""A local stand-in for Twilio and SendGrid: it speaks their wire APIs and posts their callbacks.

It knows nothing of the rest of the house, so that it can be its judge: `ledger.py` keeps every contact
it accepted with the token read off the wire. `scenarios.py` is the table of what happens to whom,
`calls.py`, `messages.py` and `mail.py` are the APIs, `faults.py` breaks answers on purpose,
`callbacks.py` signs and posts, `control.py` answers questions about all of it.
"""

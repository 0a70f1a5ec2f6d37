"""The bare limit: what the same statements and the same rows cost without Celery and without an SDK.

One event loop, the driver alone, a hand-made HTTP client. It judges nothing: every answer that names
a sid counts as accepted, whatever else it is ends the run. Nobody should send like this; it shows
how much of our cost is ours.
"""

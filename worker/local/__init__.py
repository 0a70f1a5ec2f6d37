"""A machine of one's own: embedded PostgreSQL and Valkey, the Procfile's processes, the demo.

In production the two services are URLs and a process supervisor runs the Procfile, or on one small host
`small.py` two processes.
"""

"""A machine of one's own: embedded PostgreSQL and Valkey, the Procfile's processes, the demo.

Nothing here is needed in production, where the two services are URLs and a process supervisor runs
the Procfile.
"""

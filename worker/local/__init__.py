"""A machine of one's own: embedded PostgreSQL and Valkey, the Procfile's processes, the demo.

In production the two services are URLs and a process supervisor runs the Procfile, or on one small host
`small.py` two processes.
"""

from config import lean_imports as lean_imports  # before anything imports them whole

"""A door: HTTP in. The providers' callbacks and health; each handler reads, verifies, calls one use case."""

from config import lean_imports as lean_imports  # before anything imports them whole

"""A door: queue messages in and out, and the scheduler's loop. The only package that imports Celery."""

from config import lean_imports as lean_imports  # before anything imports them whole

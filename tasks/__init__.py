"""A door: queue messages in and out, and the scheduler's loop. The only package that imports Celery."""

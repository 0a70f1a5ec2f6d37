"""Configuration of a deployment: settings, queues, Celery's options and logs. Imports nothing of ours."""

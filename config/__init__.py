"""How this deployment is set up: settings, queues, Celery's options and logs. Imports nothing of ours."""

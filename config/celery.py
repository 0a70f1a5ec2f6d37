"""Celery's options, a reason on each.

The broker is a doorbell: it may lose a message but must not repeat one, because PostgreSQL recovers
lost work and every message names a lease that only one delivery can use. Figures in the reasons were
measured on Celery 5.7.0 with Valkey 9.1.
"""

from typing import Any

from config.names import Names
from config.queues import ROUTES, Queue

# Redis transport only: without these a half-open connection hangs a worker for ever.
REDIS_TRANSPORT: dict[str, Any] = {
    "socket_timeout": 5,  # default None: the heartbeat's publish blocks the worker for ever
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 5,  # default 25: a dead BRPOP is noticed only after 51 s
    "visibility_timeout": 3600,  # only matters for unacknowledged messages, of which there are none
}


def options(broker_url: str, names: Names) -> dict[str, Any]:
    """The configuration of the Celery application for one broker, under one deployment's names."""
    return {
        "broker_url": broker_url,
        "broker_transport_options": {**REDIS_TRANSPORT, "global_keyprefix": names.prefix}
        if broker_url.startswith("redis")
        else {"confirm_publish": True},
        "broker_connection_retry_on_startup": True,  # start order does not matter
        "broker_connection_max_retries": None,  # default 100, then the worker gives up
        # Default false: a server that was made a replica, or can't save, ends every worker.
        "broker_channel_error_retry": True,
        # JSON only: a pickle in the queue would be code execution.
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        # The database is the result store; a result could also carry personal data.
        "result_backend": None,
        "task_ignore_result": True,
        # Early acknowledgement: late acks repeat a running task within 0.1 s of any TCP blip.
        "task_acks_late": False,
        "task_reject_on_worker_lost": False,  # with late acks a hot loop: 13 runs in 4 s
        "worker_disable_prefetch": True,  # a worker holds only what it runs; the rest stays visible
        "worker_prefetch_multiplier": 1,  # the same where disable_prefetch is not supported
        "worker_soft_shutdown_timeout": 0,  # threads finish on SIGTERM; a soft timeout always sleeps in full
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # never inside a provider call
        **_queues(names),
        "task_publish_retry_policy": {
            "max_retries": 2,
            "interval_start": 0,
            "interval_step": 0.2,
            "interval_max": 0.5,
        },  # a failed publish is harmless: the lease runs out
        # Flower lives on events; they carry no arguments (see tasks/app.py).
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "worker_hijack_root_logger": False,  # logs are ours: config/logs.py
        "worker_redirect_stdouts": False,
        "enable_utc": True,
        "timezone": "UTC",
    }


def _queues(names: Names) -> dict[str, Any]:
    return {
        # A typo is an error rather than a silent new queue, and nothing lands by default.
        "task_create_missing_queues": False,
        "task_default_queue": names.queue(Queue.TRIGGERS.value),
        "task_routes": {
            name.value: {"queue": names.queue(queue.value)} for name, queue in ROUTES.items()
        },
        # Workers of another deployment on this broker are neither seen nor asked.
        "control_exchange": names.exchange("celery"),
        "event_exchange": names.exchange("celeryev"),
        "event_queue_prefix": names.exchange("celeryev"),
    }

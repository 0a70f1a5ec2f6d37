"""The Celery application: explicit names, quiet events, one runtime per process."""

from functools import lru_cache

from celery.signals import setup_logging
from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

from config import celery as celery_options
from config import logs, queues
from config.start import load_or_exit, process_name
from tasks.redaction import RedactingCelery, RedactingTask
from worker.runtime import Runtime, build

settings = load_or_exit()
# Before anything connects: what comes off a queue is judged before Celery sees it.
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "tasks.guard:GuardedTransport"
app = RedactingCelery(
    "outreach", task_cls=RedactingTask, include=["tasks.deliver", "tasks.start", "tasks.triggers"]
)
app.conf.update(celery_options.options(settings.broker_url, settings.names))
app.conf.worker_consumer = "tasks.guard:GuardedConsumer"
app.steps["consumer"].add("tasks.turns:Turns")
# Celery publishes to a direct queue by the anonymous exchange, which needs no bindings: an emptied
# broker routes the next message all the same.
_queues = [settings.names.queue(name.value) for name in queues.Queue]
app.conf.task_queues = [Queue(name, routing_key=name) for name in _queues]


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """This process's runtime; made on first use, which is after any fork."""
    return build(settings)


@setup_logging.connect
def set_up_logging(**_: object) -> None:
    """Give Celery our logging instead of its own."""
    logs.set_up(settings.log_level, process_name())

"""The Celery application: explicit names, quiet events, one runtime per process."""

import sys
from functools import lru_cache
from typing import Any

import structlog
from celery import Celery, Task
from celery.signals import before_task_publish, setup_logging
from celery.worker.request import Request
from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

from config import celery as celery_options
from config import logs, queues
from config.settings import Settings, SettingsError, load
from worker.runtime import Runtime, build

log = structlog.get_logger()

HIDDEN = "<hidden>"


class TaskFailed(Exception):
    """A task failed. Says what kind of error it was and never repeats its text, which may quote data."""


class QuietRequest(Request):
    """A request whose arguments appear in no event, log line or Flower page, whoever published it."""

    def __init__(self, message: Any, **options: Any) -> None:  # noqa: ANN401  Celery's own signature
        super().__init__(message, **options)
        self.name = self.type  # type: ignore[misc]  # not the `shadow` a producer may have given it
        self._argsrepr = self._kwargsrepr = HIDDEN
        self.request_dict.update(argsrepr=HIDDEN, kwargsrepr=HIDDEN)

    def info(self, safe: bool = True) -> Any:  # noqa: ANN401, ARG002  the worker page asks for unsafe
        """What `inspect active` and Flower's worker page show."""
        return super().info(safe=True)


class QuietTask(Task):  # type: ignore[type-arg]  # not generic at run time
    """A task whose errors reach events and logs without their text."""

    Request = f"{__name__}:{QuietRequest.__name__}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  Celery's own signature
        """Run the task; any error becomes one that quotes nothing."""
        try:
            return super().__call__(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  a door: whatever it was, its text stays inside
            where = _innermost(error)
            log.error("task_failed", task=self.name, error=type(error).__name__, where=where)
            raise TaskFailed(f"{type(error).__name__} at {where}") from None


def _innermost(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"


def _settings() -> Settings:
    try:
        return load()
    except SettingsError as error:
        print("outreach can't start:", *error.faults, sep="\n  ", file=sys.stderr)  # noqa: T201  before logging
        raise SystemExit(2) from None


settings = _settings()
# Before anything connects: what comes off a queue is judged before Celery sees it.
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "tasks.guard:GuardedTransport"
app = Celery(
    "outreach", task_cls=QuietTask, include=["tasks.deliver", "tasks.start", "tasks.triggers"]
)
app.conf.update(celery_options.options(settings.broker_url))
app.conf.worker_consumer = "tasks.guard:GuardedConsumer"
# Celery publishes to a direct queue by the anonymous exchange, which needs no bindings: an emptied
# broker routes the next message all the same.
app.conf.task_queues = [Queue(name.value, routing_key=name.value) for name in queues.Queue]


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """This process's runtime; made on first use, which is after any fork."""
    return build(settings)


@before_task_publish.connect
def hide_arguments(headers: dict[str, Any] | None = None, **_: object) -> None:
    """Keep arguments out of the `task-sent` event of whatever we publish."""
    if headers is not None:
        headers["argsrepr"] = headers["kwargsrepr"] = HIDDEN


@setup_logging.connect
def set_up_logging(**_: object) -> None:
    """Give Celery our logging instead of its own."""
    logs.set_up(settings.log_level)

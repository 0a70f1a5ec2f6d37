"""Celery that shows nobody's data: no arguments in events, logs or Flower, no text of an error of others."""

from typing import Any

import structlog
from celery import Celery, Task
from celery.exceptions import Retry
from celery.worker.request import Request

from worker.domain.errors import where_raised

log = structlog.get_logger()

HIDDEN = "<hidden>"


class TaskFailed(Exception):
    """A task failed. Says what kind of error it was and never repeats its text, which may quote data."""


class NothingSent(Exception):
    """Nothing of a chunk was sent. Says how many and why, in words of ours."""


class RedactingCelery(Celery):
    """An application whose own messages show their arguments in no header and no `task-sent` event.

    Celery writes that event from these options before `before_task_publish` fires, so a receiver of
    the signal comes too late.
    """

    def send_task(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401  Celery's own signature
        """Publish; what describes the arguments describes nothing."""
        return super().send_task(*args, **{**options, "argsrepr": HIDDEN, "kwargsrepr": HIDDEN})


class RedactingRequest(Request):
    """A request whose arguments appear in no event, log line or Flower page, whoever published it."""

    def __init__(self, message: Any, **options: Any) -> None:  # noqa: ANN401  Celery's own signature
        super().__init__(message, **options)
        self.name = self.type  # type: ignore[misc]  # not the `shadow` a producer may have given it
        self._argsrepr = self._kwargsrepr = HIDDEN
        self.request_dict.update(argsrepr=HIDDEN, kwargsrepr=HIDDEN)

    def info(self, safe: bool = True) -> Any:  # noqa: ANN401, ARG002  the worker page asks for unsafe
        """Return what `inspect active` and Flower's worker page show."""
        return super().info(safe=True)


class RedactingTask(Task):  # type: ignore[type-arg]  # not generic at run time
    """A task whose errors reach events and logs without their text, but for what we say ourselves."""

    Request = f"{__name__}:{RedactingRequest.__name__}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  Celery's own signature
        """Run the task; any error becomes one that quotes nothing."""
        try:
            return super().__call__(*args, **kwargs)
        except (NothingSent, Retry):
            raise
        except Exception as error:  # noqa: BLE001  a door: whatever it was, its text stays inside
            where = where_raised(error)
            log.error("task_failed", task=self.name, error=type(error).__name__, where=where)
            raise TaskFailed(f"{type(error).__name__} at {where}") from None

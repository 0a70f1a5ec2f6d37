"""Events for Flower: the events of many tasks at once, as often as an eye can follow."""

from typing import Any

from celery.worker.consumer import Consumer

# Celery publishes each event by itself, three to a task: a tenth of what sending a chunk of 500 costs.
EVERY = 0.5


class BufferedEvents(Consumer):
    """A consumer whose events wait for company."""

    hub: Any
    event_dispatcher: Any
    _waiting = False

    def on_send_event_buffered(self) -> None:  # type: ignore[override]  # the stubs take it for a factory
        """Publish what has gathered, a moment from now; called by whatever thread ran the task."""
        if self.hub and not self._waiting:
            self._waiting = True
            self.hub.call_later(EVERY, self._tell)

    def _tell(self) -> None:
        self._waiting = False
        if self.event_dispatcher:
            self.event_dispatcher.flush()

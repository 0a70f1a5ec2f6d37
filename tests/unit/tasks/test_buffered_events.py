"""Events are published together, and none is forgotten."""

from collections.abc import Callable
from typing import Any

from tasks.buffered_events import BufferedEvents


class Hub:
    """An event loop whose time the test decides."""

    def __init__(self) -> None:
        self.later: list[Callable[[], None]] = []

    def call_later(self, _: float, step: Callable[[], None]) -> None:
        self.later.append(step)


class Dispatcher:
    """Counts how often it published."""

    flushes = 0

    def flush(self) -> None:
        self.flushes += 1


def consumer(hub: Any, dispatcher: Any) -> BufferedEvents:
    made = BufferedEvents.__new__(BufferedEvents)
    made.hub, made.event_dispatcher = hub, dispatcher
    return made


def test_the_events_of_a_moment_are_published_once() -> None:
    hub, dispatcher = Hub(), Dispatcher()
    telling = consumer(hub, dispatcher)

    for _ in range(3):
        telling.on_send_event_buffered()

    assert (len(hub.later), dispatcher.flushes) == (1, 0)
    hub.later.pop()()
    assert dispatcher.flushes == 1


def test_an_event_after_that_is_published_too() -> None:
    hub, dispatcher = Hub(), Dispatcher()
    telling = consumer(hub, dispatcher)
    telling.on_send_event_buffered()
    hub.later.pop()()

    telling.on_send_event_buffered()
    hub.later.pop()()

    assert dispatcher.flushes == 2


def test_a_worker_without_a_loop_or_listeners_is_left_alone() -> None:
    hub = Hub()
    consumer(None, Dispatcher()).on_send_event_buffered()
    consumer(hub, None).on_send_event_buffered()

    hub.later.pop()()

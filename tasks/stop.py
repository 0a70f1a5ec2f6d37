"""Hear SIGTERM and SIGINT without running Python in their handler."""

import os
import signal
from threading import Event, Thread


def stop_when_asked() -> Event:
    """An event that is set once somebody asks the process to stop; the main thread calls this, once.

    A handler runs in the main thread between any two steps of it, so also in the middle of `Event.wait`,
    which then holds the very lock that `Event.set` would wait for: for ever. A thread sets it instead.
    """
    stop = Event()
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: None)
    Thread(target=_set_when_awake, args=(awake, stop), name="stop", daemon=True).start()
    return stop


def _set_when_awake(awake: int, stop: Event) -> None:
    os.read(awake, 1)
    stop.set()

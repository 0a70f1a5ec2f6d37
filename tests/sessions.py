"""A second session beside the test's own, for races that are staged rather than hoped for."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

from sqlalchemy import Connection, Engine, text

from worker.store.connect import in_transaction

T = TypeVar("T")
DEADLINE = 30.0
# A look every few milliseconds takes from a process that starts what it needs to start.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.005, 0.1

_BLOCKED = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
""")


class Beside(Generic[T]):
    """Runs one step in a transaction of its own while the test holds locks in another.

    Leaving the block waits for the step, so that no thread outlives its test.
    """

    def __init__(self, engine: Engine, step: Callable[[Connection], T]) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._future: Future[T] = self._pool.submit(in_transaction, engine, step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()

    def wait_until_blocked(self) -> None:
        """Return once the step waits for a lock; fail if it got through without one."""
        eventually(lambda: self._future.done() or blocked_sessions(self._engine) > 0)
        assert not self._future.done(), f"not blocked: {self._future.result()}"

    def result(self) -> T:
        """What the step returned, once it has."""
        return self._future.result(DEADLINE)


def assert_recipient_comes_first(
    engine: Engine, recipient: int, request: int, step: Callable[[], object]
) -> None:
    """Fail where a step holds the request while it waits for the recipient, whom begin locks first."""

    def wait_and_let_go() -> None:
        with Beside(engine, lambda _: step()) as second:
            try:
                second.wait_until_blocked()
                first.execute(
                    text("SELECT FROM communication_request WHERE id = :id FOR UPDATE NOWAIT"),
                    {"id": request},
                )
            finally:
                first.rollback()
            second.result()

    with engine.connect() as first:
        first.execute(
            text("SELECT FROM recipient WHERE id = :id FOR NO KEY UPDATE"), {"id": recipient}
        )
        wait_and_let_go()


def blocked_sessions(engine: Engine) -> int:
    """How many sessions of this database wait for a lock."""
    with engine.begin() as connection:
        return connection.scalar(_BLOCKED) or 0


def eventually(holds: Callable[[], bool], deadline: float = DEADLINE) -> None:
    """Return as soon as the condition holds; fail when it does not within the deadline, in seconds."""
    ends, pause = time.monotonic() + deadline, SHORTEST_PAUSE
    while not holds():
        assert time.monotonic() < ends, "the condition never held"
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, 1.2 * pause)

"""Eight workers hammer one batch; whatever commits against it holds from that moment on."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from random import Random
from threading import Event, Thread
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from tests.factories import make_batch
from tests.samples import sample
from worker.domain.statuses import Channel
from worker.store import attempts, halts
from worker.store.connect import connect, in_transaction
from worker.store.errors import StoreUnavailable
from worker.store.queue import Chunk

WORKERS = 8
REQUESTS = 30_000
CHUNK = 3
PAUSES = sample(20, 80)
FENCES = sample(10, 40)
# Beside other tests on the same cores one in ten may wait for a core rather than for a lock.
LATE = PAUSES // 10 if "PYTEST_XDIST_WORKER" in os.environ else 1
# What was begun has its row before its begin commits; anything later than this began after the fence.
SETTLED_SECONDS = 0.03


@pytest.fixture
def hammered(engine: Engine, database_url: str) -> Iterator[int]:
    """A batch whose requests eight workers claim and begin as fast as they can."""
    batch = make_batch(engine)
    in_transaction(engine, _fill, batch)
    with _hammering(database_url):
        yield batch


@contextmanager
def _hammering(database_url: str) -> Iterator[None]:
    stop = Event()
    workers = connect(database_url, pool_size=WORKERS)
    threads = [Thread(target=_hammer, args=(workers, stop)) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        workers.dispose()


def _hammer(engine: Engine, stop: Event) -> None:
    while not stop.is_set():
        with suppress(StoreUnavailable):  # a busy machine is beyond a time limit now and then
            chunk = _claim(engine)
            if chunk is None:
                stop.wait(0.001)
                continue
            in_transaction(engine, _begin, chunk=chunk)


_CLAIM = text("""
    UPDATE queue SET lease_token = :lease, lease_until = clock_timestamp() + interval '30 s'
    WHERE request IN (
        SELECT request FROM queue WHERE lease_token IS NULL
        ORDER BY request LIMIT :most FOR UPDATE SKIP LOCKED
    )
    RETURNING batch, request
""")


def _claim(engine: Engine) -> Chunk | None:
    """Whatever waits, whoever's turn it is: the fences are begin's to hold."""
    lease = uuid4()
    rows = in_transaction(
        engine, lambda c: c.execute(_CLAIM, {"lease": lease, "most": CHUNK}).all()
    )
    if not rows:
        return None
    return Chunk(Channel.VOICE, rows[0].batch, lease, tuple(sorted(row.request for row in rows)))


def _begin(connection: Connection, chunk: Chunk) -> object:
    window = timedelta(seconds=5)
    return attempts.begin(
        connection, chunk, chunk.requests, send_window=window, answer_time=2 * window
    )


def test_nothing_begins_after_any_pause_and_each_commits_soon(
    engine: Engine, hammered: int
) -> None:
    took = []
    for _ in range(PAUSES):
        _wait_until_it_sends(engine)
        began = time.monotonic()
        _set(engine, hammered, "paused = true")
        took.append(time.monotonic() - began)
        assert _begun_meanwhile(engine) == 0
        _set(engine, hammered, "paused = false")

    assert sorted(took)[PAUSES - 1 - LATE] <= 0.25


def test_nothing_begins_after_any_expiry(engine: Engine, hammered: int) -> None:
    for _ in range(FENCES):
        _wait_until_it_sends(engine)
        _set(engine, hammered, "expires_on = clock_timestamp()")
        assert _begun_meanwhile(engine) == 0
        _set(engine, hammered, "expires_on = NULL")


def test_nothing_begins_after_any_halt(engine: Engine, hammered: int) -> None:
    for _ in range(FENCES):
        _wait_until_it_sends(engine)
        in_transaction(engine, halts.halt, "all", "", "a test", "test")
        assert _begun_meanwhile(engine) == 0
        in_transaction(engine, halts.resume, "all", "")


def test_nobody_is_begun_after_any_opt_out(engine: Engine, hammered: int) -> None:
    random = Random(1)  # noqa: S311  who opts out, the same each time
    for _ in range(FENCES):
        _wait_until_it_sends(engine)
        some = [random.randrange(1, REQUESTS) for _ in range(40)]
        in_transaction(engine, _suppress, recipients=some)

    assert _attempts_after_opt_out(engine) == 0


_FILL = """
    INSERT INTO recipient (channel, identity)
    SELECT 'voice', '+1512' || (2000000 + n) FROM generate_series(1, :n) AS n;

    INSERT INTO communication_request (batch, recipient, reference_id, target, address,
        request_variables, request_status, channel_manager_status, moved_by)
    SELECT :batch, id, id, identity, identity, '{}', 'PENDING', 'PENDING', 'ingest'
    FROM recipient ORDER BY id;

    INSERT INTO queue (request, batch, due_at) SELECT id, batch, now() FROM communication_request
"""


def _fill(connection: Connection, batch: int) -> None:
    for statement in _FILL.split(";"):
        connection.execute(text(statement), {"n": REQUESTS, "batch": batch})


def _set(engine: Engine, batch: int, change: str) -> None:
    statement = text(f"UPDATE communication_batch SET {change} WHERE id = :batch")  # noqa: S608  a test's own words
    in_transaction(engine, lambda c: c.execute(statement, {"batch": batch}))


def _suppress(connection: Connection, recipients: list[int]) -> None:
    """As an opt-out does it: the rows are locked in ascending order, then changed."""
    connection.execute(
        text("SELECT FROM recipient WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE"),
        {"ids": recipients},
    )
    connection.execute(
        text("""
            UPDATE recipient SET suppressed_at = clock_timestamp(), suppress_reason = 'unsubscribed'
            WHERE id = ANY (:ids) AND suppressed_at IS NULL
        """),
        {"ids": recipients},
    )


def _attempts_after_opt_out(engine: Engine) -> int:
    """Begin reads its clock after it has the recipient's lock, the opt-out while it holds it."""
    statement = text("""
        SELECT count(*) FROM attempt AS a JOIN recipient AS r ON r.id = a.recipient
        WHERE a.began_at > r.suppressed_at
    """)
    return in_transaction(engine, lambda c: c.scalar(statement)) or 0


def _begun_meanwhile(engine: Engine) -> int:
    before = _attempts(engine)
    time.sleep(SETTLED_SECONDS)  # the absence of something can only be waited for
    return _attempts(engine) - before


def _wait_until_it_sends(engine: Engine) -> None:
    before = _attempts(engine)
    _wait_until(lambda: _attempts(engine) > before)


def _attempts(engine: Engine) -> int:
    statement = text("SELECT count(*) FROM attempt")
    return in_transaction(engine, lambda c: c.scalar(statement)) or 0


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "the workers do not send"
        time.sleep(0.001)

"""Every statement of a delivery, as PostgreSQL really planned it: nothing reads or sorts a backlog.

The server explains whatever runs, statements inside functions and triggers included.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from tests.benchmarks.stored import fill
from tests.factories import make_timeouts
from tests.plans import Plans, explained
from worker.desk.batches import show_batch
from worker.desk.metrics import read_snapshot
from worker.dispatch.scan import Chunk, ScanLimits, hand_back, scan
from worker.domain.evidence import judge_answer
from worker.domain.evidence.answers import Accepted
from worker.domain.statuses import Channel
from worker.local.postgres import EmbeddedPostgres
from worker.store import (
    attempts,
    chunk_contents,
    closing,
    concurrency,
    doubts,
    finished_batches,
    inbox,
)
from worker.store.connect import in_transaction

ROWS = 40_000
LARGE = {"communication_request", "attempt", "queue", "recipient", "sid", "status_transition"}
# A tick's claim of 500 and what it touches may be sorted; what waits is 2,000 rows and more.
MOST_SORTED = 1_000
# An EXISTS may take the first row that comes.
MOST_READ = 500
LIMITS = ScanLimits(lease=timedelta(minutes=1), chunk_size=100, backlog_chunks=5)


@pytest.fixture(scope="module")
def stored(postgres: EmbeddedPostgres) -> Iterator[tuple[Engine, Plans]]:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE plans")
    engine = fill(postgres.url_of("plans"), rows=ROWS, open_batches=20, paused_batches=20)

    yield engine, explained(engine)
    engine.dispose()


@pytest.fixture
def engine(stored: tuple[Engine, Plans]) -> Engine:
    return stored[0]


@pytest.fixture
def plans(stored: tuple[Engine, Plans]) -> Plans:
    return stored[1]


def claimed(engine: Engine) -> Chunk:
    """A chunk; the others of its tick are handed back."""
    first, *others = scan(engine, LIMITS, {Channel.VOICE: 0})
    for chunk in others:
        hand_back(engine, chunk)
    return first


def deliver(engine: Engine) -> None:
    """Everything a delivery asks of the database."""
    chunk = claimed(engine)
    in_transaction(engine, concurrency.free, Channel.VOICE, 1_000_000)
    in_transaction(engine, chunk_contents.read_chunk_contents, chunk)
    begun, _ = in_transaction(
        engine,
        attempts.begin,
        chunk,
        chunk.requests,
        send_window=timedelta(seconds=5),
        answer_time=timedelta(seconds=70),
    )
    assert begun

    def record(connection: Any) -> None:
        facts = attempts.lock(connection, [one.attempt for one in begun])
        changes = [
            judge_answer(fact, Accepted(f"CA{number:032}"), make_timeouts())
            for number, fact in facts.items()
        ]
        attempts.write(connection, [change for change in changes if change])

    in_transaction(engine, record)


def look_after(engine: Engine) -> None:
    """Everything the scheduler asks again and again."""
    in_transaction(engine, closing.close_pending, 500)
    in_transaction(engine, finished_batches.note_finished)
    in_transaction(engine, inbox.waiting, 200)
    in_transaction(engine, doubts.find_doubled_calls)
    in_transaction(engine, attempts.take_overdue, limit=100, for_time=timedelta(seconds=1))


def ask(engine: Engine) -> None:
    """What an operator and the metrics ask."""
    show_batch(engine, "stored-30")
    assert read_snapshot(engine) is not None
    in_transaction(engine, doubts.in_doubt, 100)


STEPS = [deliver, look_after, ask]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_no_hot_statement_reads_a_large_table_through(
    engine: Engine, plans: Plans, step: Any
) -> None:
    plans.clear()
    step(engine)
    read = {
        (statement, node["Relation Name"])
        for statement, node in plans.nodes()
        if node["Node Type"] == "Seq Scan" and node.get("Relation Name") in LARGE
        if (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) > MOST_READ
    }
    assert plans
    assert not read


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_no_hot_statement_sorts_what_waits(engine: Engine, plans: Plans, step: Any) -> None:
    plans.clear()
    step(engine)
    sorted_rows = {
        statement: node["Actual Rows"]
        for statement, node in plans.nodes()
        if node["Node Type"] == "Sort" and node["Actual Rows"] > MOST_SORTED
    }
    assert plans
    assert not sorted_rows

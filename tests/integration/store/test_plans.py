"""Every statement of a delivery, as PostgreSQL really planned it: nothing reads or sorts a backlog.

The server explains whatever runs, statements inside functions and triggers included.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event

from tests.benchmarks.stored import fill
from tests.factories import make_patience
from worker.desk.batches import show_batch
from worker.dispatch.scan import Chunk, ScanLimits, hand_back, scan
from worker.domain.answers import Accepted
from worker.domain.statuses import Mode
from worker.domain.verdicts import judge_answer
from worker.local.postgres import EmbeddedPostgres
from worker.store import assignments, attempts, doubts, figures, inbox, slots, sweeps
from worker.store.connect import in_transaction

ROWS = 40_000
LARGE = {"communication_request", "attempt", "queue", "recipient", "sid", "status_transition"}
# A tick's claim of 500 and what it touches may be sorted; what waits is 2,000 rows and more.
MOST_SORTED = 1_000
# An EXISTS may take the first row that comes.
MOST_READ = 500
LIMITS = ScanLimits(lease=timedelta(minutes=1), chunk_size=100, backlog_chunks=5)

_EXPLAIN = """
    LOAD 'auto_explain';
    SET auto_explain.log_min_duration = 0;
    SET auto_explain.log_nested_statements = on;
    SET auto_explain.log_format = json;
    SET auto_explain.log_analyze = on;
    SET client_min_messages = log;
"""


class Plans(list[dict[str, Any]]):
    """What was planned since the last look."""

    def note(self, notice: psycopg.errors.Diagnostic) -> None:
        """Take the plan out of a notice of the server."""
        message = notice.message_primary or ""
        if "plan:" in message:
            self.append(json.loads(message.partition("plan:")[2]))

    def nodes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every node of every plan, with its statement."""
        for plan in self:
            yield from ((plan["Query Text"], node) for node in _nodes(plan["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


@pytest.fixture(scope="module")
def plans() -> Plans:
    return Plans()


@pytest.fixture(scope="module")
def stored(postgres: EmbeddedPostgres, plans: Plans) -> Iterator[Engine]:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE plans")
    engine = fill(postgres.url_of("plans"), rows=ROWS, open_batches=20, paused_batches=20)

    @event.listens_for(engine, "connect")
    def explain(connection: Any, _: object) -> None:
        connection.add_notice_handler(plans.note)
        connection.execute(_EXPLAIN)
        connection.commit()

    yield engine
    engine.dispose()


def claimed(engine: Engine) -> Chunk:
    """A chunk; the others of its tick are handed back."""
    first, *others = scan(engine, LIMITS, {Mode.VOICE: 0})
    for chunk in others:
        hand_back(engine, chunk)
    return first


def deliver(engine: Engine) -> None:
    """Everything a delivery asks of the database."""
    chunk = claimed(engine)
    in_transaction(engine, lambda c: slots.free(c, Mode.VOICE, 1_000_000))
    in_transaction(engine, lambda c: assignments.read_assignment(c, chunk))
    begun, _ = in_transaction(
        engine,
        lambda c: attempts.begin(
            c,
            chunk,
            chunk.requests,
            send_window=timedelta(seconds=5),
            answer_time=timedelta(seconds=70),
        ),
    )
    assert begun

    def record(connection: Any) -> None:
        facts = attempts.lock(connection, [one.attempt for one in begun])
        changes = [
            judge_answer(fact, Accepted(f"CA{number:032}"), make_patience())
            for number, fact in facts.items()
        ]
        attempts.write(connection, [change for change in changes if change])

    in_transaction(engine, record)


def look_after(engine: Engine) -> None:
    """Everything the scheduler asks again and again."""
    in_transaction(engine, lambda c: sweeps.close_pending(c, 500))
    in_transaction(engine, sweeps.note_finished)
    in_transaction(engine, lambda c: inbox.waiting(c, 200))
    in_transaction(engine, doubts.doubled_calls)
    in_transaction(
        engine, lambda c: attempts.take_overdue(c, limit=100, for_time=timedelta(seconds=1))
    )


def ask(engine: Engine) -> None:
    """What an operator and the metrics ask."""
    show_batch(engine, "stored-30")
    in_transaction(engine, figures.read)
    in_transaction(engine, lambda c: doubts.in_doubt(c, 100))


STEPS = [deliver, look_after, ask]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_no_hot_statement_reads_a_large_table_through(
    stored: Engine, plans: Plans, step: Any
) -> None:
    plans.clear()
    step(stored)
    read = {
        (statement, node["Relation Name"])
        for statement, node in plans.nodes()
        if node["Node Type"] == "Seq Scan" and node.get("Relation Name") in LARGE
        if (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) > MOST_READ
    }
    assert plans
    assert not read


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_no_hot_statement_sorts_what_waits(stored: Engine, plans: Plans, step: Any) -> None:
    plans.clear()
    step(stored)
    sorted_rows = {
        statement: node["Actual Rows"]
        for statement, node in plans.nodes()
        if node["Node Type"] == "Sort" and node["Actual Rows"] > MOST_SORTED
    }
    assert plans
    assert not sorted_rows

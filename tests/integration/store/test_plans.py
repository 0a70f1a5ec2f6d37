"""Every statement of a delivery, as PostgreSQL really planned it: nothing reads or sorts a backlog.

The server explains whatever runs, statements inside functions and triggers included.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, text

from tests.benchmarks.stored import WAITING_SHARE, fill
from tests.factories import make_patience
from worker.desk.batches import show_batch
from worker.dispatch.scan import Chunk, ScanLimits, hand_back, scan
from worker.domain.answers import Accepted
from worker.domain.statuses import Mode
from worker.domain.verdicts import judge_answer
from worker.local.postgres import EmbeddedPostgres
from worker.store import (
    assignments,
    attempts,
    doubts,
    duties,
    figures,
    inbox,
    lateness,
    slots,
    standings,
    sweeps,
)
from worker.store.batches import now
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


# Rows that a look may read for each that is open, a few for those it finds.
FOR_EACH_OPEN = 20


def history(engine: Engine, batches: int) -> None:
    """Batches that were done with long ago, under a daily cap of today's."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            text("""
                INSERT INTO communication_batch (batch_id, campaign_id, finished_at, last_updated_by)
                SELECT gen_random_uuid()::text, 1, now(), 'bench@example.com'
                FROM generate_series(1, :n)
            """),
            {"n": batches},
        )
        connection.execute(
            text("""
                INSERT INTO request_count (batch, request_status, channel_manager_status, slot, n)
                SELECT b.id, 'COMPLETED', 'COMPLETED', slot, 5 FROM communication_batch AS b,
                    generate_series(0, 3) AS slot WHERE b.finished_at IS NOT NULL
                ON CONFLICT DO NOTHING
            """)
        )
        connection.execute(text("UPDATE campaign SET max_daily_calls = 1000000"))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))


def looks(engine: Engine) -> None:
    """Everything that is asked again and again, whether or not there is anything to do."""
    look_after(engine)
    in_transaction(engine, duties.forget_counts)
    in_transaction(engine, duties.standing)
    in_transaction(engine, lambda c: lateness.auto_paced(c, 200))
    in_transaction(engine, standings.awake)
    in_transaction(engine, lambda c: standings.due(c, Mode.VOICE, now(c), limit=200))


def rows_read(plans: Plans) -> dict[str, float]:
    """By statement: rows that its scans touched, those thrown away included."""
    read: dict[str, float] = {}
    for statement, node in plans.nodes():
        if "Scan" in node["Node Type"] and "Relation Name" in node:
            touched = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read[statement] = read.get(statement, 0) + touched * node["Actual Loops"]
    return read


def test_no_look_grows_with_what_was_done(stored: Engine, plans: Plans) -> None:
    history(stored, 1_000)
    looks(stored)  # what there is to do is done
    plans.clear()
    looks(stored)
    before = rows_read(plans)
    history(stored, 4_000)
    plans.clear()
    looks(stored)
    after = rows_read(plans)

    with stored.begin() as connection:
        still_open = connection.scalar(
            text("SELECT count(*) FROM communication_batch WHERE finished_at IS NULL")
        )
    assert still_open
    waiting = ROWS / WAITING_SHARE
    grown = {s: n for s, n in after.items() if n > before.get(s, 0) + FOR_EACH_OPEN * still_open}
    assert not grown
    assert max(after.values()) <= waiting + FOR_EACH_OPEN * still_open


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

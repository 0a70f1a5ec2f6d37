"""What a million updates leave behind: `make bench-wear`.

Every request is claimed, begun, accepted and found busy, again and again, by the same functions that do
it in production; the provider alone is left out. Then ticks of the scheduler are timed as before it.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import psycopg
from sqlalchemy import Engine

from tests.benchmarks.machine import running_machine
from tests.benchmarks.ours import make_batch, sqlalchemy_url
from tests.factories import make_timeouts
from tests.programs import run_alone
from worker.dispatch.scan import Chunk, ScanLimits, hand_back, scan
from worker.domain.evidence import judge_answer, judge_report
from worker.domain.evidence.answers import Accepted
from worker.domain.evidence.attempts import Change, Facts
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import Cause, Channel, ChannelStatus
from worker.store import attempts
from worker.store.connect import Connection, connect, in_one_statement, in_transaction
from worker.store.migrate import upgrade

LIMITS = ScanLimits(lease=timedelta(hours=1), chunk_size=500, backlog_chunks=1)
BATCHES = 20
FLUSH = 50
# Of a request: begun, accepted, found busy.
UPDATES_EACH = 3
TICKS = 15

Judge = Callable[[Facts], Change | None]
PATIENCE = make_timeouts()


def measure(engine: Engine, url: str, *, rows: int, updates: int) -> dict[str, float]:
    """Milliseconds of a tick before and after, and the share of HOT updates of the request table."""
    for number in range(BATCHES):
        make_batch(engine, "voice", rows // BATCHES, f"wear-{number}")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE campaign SET retry_count = 100, retry_interval = interval '0'")
        connection.execute("UPDATE communication_batch SET paused = false")
        connection.execute("VACUUM (ANALYZE)")
    before = _tick(engine)
    done = 0
    while done < updates:
        for chunk in _claimed(engine):
            done += UPDATES_EACH * _live_through(engine, chunk)
    after = _tick(engine)
    with psycopg.connect(url) as connection:
        row = connection.execute("""
            SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
            WHERE relname = 'communication_request'
        """).fetchone()
    assert row is not None
    return {
        "updates": row[0],
        "hot_percent": round(100 * row[1] / row[0], 1),
        "tick_before_ms": round(before, 2),
        "tick_after_ms": round(after, 2),
        "drift": round(after / before, 2),
    }


def _tick(engine: Engine) -> float:
    taken = []
    for _ in range(TICKS):
        began = time.perf_counter()
        chunks = scan(engine, LIMITS, {Channel.VOICE: 0})
        taken.append((time.perf_counter() - began) * 1000)
        assert sum(len(chunk.requests) for chunk in chunks) == LIMITS.chunk_size
        for chunk in chunks:
            hand_back(engine, chunk)
    return statistics.median(taken)


def _claimed(engine: Engine) -> list[Chunk]:
    chunks = scan(engine, LIMITS, {Channel.VOICE: 0})
    assert chunks, "everybody is due again at once"
    return chunks


def _live_through(engine: Engine, chunk: Chunk) -> int:
    begun, refused = in_one_statement(
        engine,
        attempts.begin,
        chunk,
        chunk.requests,
        send_window=timedelta(seconds=5),
        answer_time=timedelta(minutes=5),
    )
    assert not refused
    attempted = [one.attempt for one in begun]
    for start in range(0, len(attempted), FLUSH):
        part = attempted[start : start + FLUSH]
        _write(engine, part, lambda facts: judge_answer(facts, Accepted(_sid(facts)), PATIENCE))
        _write(
            engine, part, lambda facts: judge_report(facts, _busy(facts), PATIENCE, Cause.CALLBACK)
        )
    return len(begun)


def _write(engine: Engine, chosen: Sequence[int], judge: Judge) -> None:
    def step(connection: Connection) -> None:
        changes = map(judge, attempts.lock(connection, chosen).values())
        attempts.write(connection, [change for change in changes if change])

    in_transaction(engine, step)


def _sid(facts: Facts) -> str:
    return f"CA{facts.attempt:032x}"


def _busy(facts: Facts) -> Report:
    return Report(
        channel=Channel.VOICE,
        key=f"{_sid(facts)}:busy",
        token=None,
        sid=_sid(facts),
        name="busy",
        rank=100,
        sequence=0,
        meaning=Meaning.MISSED,
        channel_status=ChannelStatus.BUSY,
    )


def main() -> None:
    """Measure, print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.wear")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--updates", type=int, default=1_000_000)
    chosen = parser.parse_args()
    with running_machine() as machine:
        url = machine.database("wear")
        upgrade(sqlalchemy_url(url))
        engine = connect(sqlalchemy_url(url), guarded=False)
        print(json.dumps(measure(engine, url, rows=chosen.rows, updates=chosen.updates)))
        engine.dispose()


if __name__ == "__main__":
    run_alone(main)

"""A scrape reads no more because more waits, is open or was done."""

import pytest
from sqlalchemy import Engine, text

from tests.factories import make_batch
from tests.plans import explained, history, rows_read
from worker.desk.metrics import read_figures, read_snapshot
from worker.store import metrics
from worker.store.connect import connect

MOST = 50
ROWS = 3_000
OPEN = (
    """INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token, state,
                            send_by, accepted_at, check_at, sid)
       SELECT 50000000 + n + (SELECT max(id) FROM attempt), 1, n, 'email', 'a@example.com', 1,
              gen_random_uuid(), 'ACCEPTED', now(), now(), now() + interval '1 day', 'X'
       FROM generate_series(1, :n) AS n""",
    """INSERT INTO inbox (provider, key, report, next_try_at)
       SELECT 'voice', gen_random_uuid()::text, '{}', now() FROM generate_series(1, :n) AS n""",
    """INSERT INTO webhook_delivery (event, request, url, body, next_try_at)
       SELECT gen_random_uuid(), n, 'https://example.com', '{}', now()
       FROM generate_series(1, :n) AS n""",
)


def wait(engine: Engine, n: int) -> None:
    """Let so many of everything wait that may wait by the million."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in OPEN:
            connection.execute(text(statement), {"n": n})
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))


def test_it_reads_no_more_because_more_is_open_or_was_done(
    engine: Engine,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(metrics, "COUNTED", MOST)
    make_batch(engine)
    history(engine, ROWS)
    wait(engine, ROWS)
    watched = connect(database_url)
    request.addfinalizer(watched.dispose)
    plans = explained(watched)
    read_snapshot(watched)

    def read() -> float:
        plans.clear()
        assert read_snapshot(watched) is not None
        return sum(rows_read(plans).values())

    before = read()
    history(engine, ROWS)
    wait(engine, ROWS)

    assert read() <= before + MOST


def test_up_to_a_bound_what_waits_is_counted(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_batch(engine)
    history(engine, 10)
    wait(engine, 60)
    monkeypatch.setattr(metrics, "COUNTED", MOST)

    figures = read_figures(engine)

    assert (figures.attempts_open, figures.reports_waiting, figures.webhooks_waiting) == (MOST,) * 3
    monkeypatch.setattr(metrics, "COUNTED", 100)
    assert read_figures(engine).attempts_open == 60

"""No page reads more because more was done: its statements are found by asking for it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text

from config.settings import load
from tests.benchmarks.stored import fill
from tests.browserless import Browserless
from tests.doors import settings
from tests.plans import Plans, explained, history, rows_read
from worker.api.app import create
from worker.desk.signing_in import make_link
from worker.domain.callers import Role
from worker.local.postgres import EmbeddedPostgres
from worker.runtime import Runtime

ROWS, OPEN = 6_000, 20
SLACK = 400
"""Rows that a statement may read more of: a part of what was added."""
PAGES = (
    "/",
    "/batches",
    "/batches?standing=unfinished",
    "/batches/stored-30",
    "/requests/5999",
    "/doubts",
)
MORE = ("/batches/stored-30?status=PENDING&outcome=PENDING", "/people/5999", "/audit", "/campaigns")
TYPED = ("5999", "stored-30", "+15125550142")


@pytest.fixture
def stored(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE console_growth")
    engine = fill(
        postgres.url_of("console_growth"), rows=ROWS, open_batches=OPEN, paused_batches=OPEN
    )
    yield engine
    engine.dispose()


@pytest.fixture
def console(
    stored: Engine, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[Browserless, Plans]]:
    """A browser before it, and the plans of all that it makes the database do."""
    monkeypatch.setattr("worker.store.people.MOST_BATCHES", 30)
    url = postgres.url_of("console_growth")
    for name, value in settings(url, "redis://127.0.0.1:1/0", tmp_path).items():
        monkeypatch.setenv(name, value)
    runtime = Runtime(load())
    plans = explained(runtime.engine)
    runtime.engine.dispose()  # what was connected before is not explained
    browser = Browserless(create(runtime))
    browser.post("/sign-in", {"link": make_link(stored, "a@example.com", Role.READ)})
    yield browser, plans
    runtime.close()


def test_no_page_reads_more_because_more_was_done(
    stored: Engine, console: tuple[Browserless, Plans]
) -> None:
    history(stored, 1_000)
    _long_ago(stored)
    _read(*console)  # what is read once is read
    before = _read(*console)
    history(stored, 4_000)
    _long_ago(stored)
    _read(*console)
    after = _read(*console)

    assert len(before) > 30
    assert {one: n for one, n in after.items() if n > before.get(one, 0) + SLACK} == {}


def _read(browser: Browserless, plans: Plans) -> dict[tuple[str, str], float]:
    """Rows that were read, by page and statement."""
    found: dict[tuple[str, str], float] = {}
    for asked in (*PAGES, *MORE, *TYPED):
        plans.clear()
        is_page = asked.startswith("/")
        seen = browser.get(asked) if is_page else browser.post("/people", {"who": asked})
        assert seen.status in ({200} if is_page else {200, 409}), asked
        found |= {(asked, said): n for said, n in rows_read(plans).items()}
    return found


def _long_ago(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE attempt SET began_at = now() - interval '2 days'"))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))

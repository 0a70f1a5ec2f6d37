"""No duty of the scheduler reads more because more was done; its statements are found by running it."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text

from tests.benchmarks.stored import fill
from tests.doors import settings
from tests.fixtures.house import run_python
from tests.plans import history
from worker.dispatch.duty import SHARED
from worker.local.postgres import EmbeddedPostgres

ROWS = 20_000
# Rows that a look may read for each batch that is open, a few for those it finds.
FOR_EACH_OPEN = 20
EACH_FOR_ITSELF = {"recognize", "clocks", "scan", "webhooks", "metrics"}
PROGRAM = str(Path(__file__).parent / "explain_duties.py")

Read = dict[str, dict[str, float]]


@pytest.fixture
def stored(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """Nothing waits: what is open is 40 batches, all but a few of them empty."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE duty_plans")
    engine = fill(postgres.url_of("duty_plans"), rows=ROWS, open_batches=20, paused_batches=20)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE queue"))
    yield engine
    engine.dispose()


@pytest.mark.usefixtures(
    "durable"
)  # recognizing a database asks whether it keeps what it acknowledges
def test_no_duty_reads_more_because_more_was_done(
    stored: Engine, postgres: EmbeddedPostgres, broker_url: str, tmp_path: Path
) -> None:
    environment = settings(postgres.url_of("duty_plans"), broker_url, tmp_path)
    environment |= {"PYTHONPATH": ".", "WEBHOOK_SECRET": "whsec_" + "QUFB" * 8}

    def read() -> Read:
        ran = run_python(PROGRAM, env=environment, seconds=120)
        assert ran.returncode == 0, ran.stderr
        return dict(json.loads(ran.stdout.splitlines()[-1]))

    history(stored, 1_000)
    before = read()
    history(stored, 5_000)
    after = read()

    with stored.begin() as connection:
        counted = "SELECT count(*) FROM communication_batch WHERE finished_at IS NULL"
        still_open = connection.scalar(text(counted))
    assert still_open
    allowed = FOR_EACH_OPEN * still_open
    assert set(after) - EACH_FOR_ITSELF == set(SHARED), "doctor looks for these"
    grown = {
        (duty, statement): rows
        for duty, statements in after.items()
        for statement, rows in statements.items()
        if rows > min(allowed, before[duty].get(statement, 0) + allowed / 4)
    }
    assert not grown

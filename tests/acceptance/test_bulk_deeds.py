"""A deed over all that match goes on after the process that did it was killed, and does nothing twice."""

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from tests.doors import running, settings
from tests.factories import make_batch, make_campaign
from tests.sessions import eventually
from worker.desk.bulk_deeds import show_bulk, start_bulk
from worker.domain.audit import Deed
from worker.domain.contract.bulk_deeds import Aim, BulkOrder
from worker.domain.statuses import Channel
from worker.local.ports import free_port

API = ("-m", "worker.api")
BY = "ana@example.com"
PEOPLE = 20_000
BATCHES = 2_000
DEADLINE = 90.0
FILL = text("""
    WITH people AS (
        INSERT INTO recipient (channel, identity)
        SELECT 'sms', '+1512' || 5550000 + n FROM generate_series(1, :n) AS n RETURNING id, identity
    )
    INSERT INTO communication_request (batch, recipient, reference_id, target, address,
        request_variables, request_status, channel_manager_status, moved_by)
    SELECT :batch, id, identity, identity, identity, '{}', 'PENDING', 'PENDING', 'ingest' FROM people
""")
FAIL = text("""
    UPDATE communication_request
    SET request_status = 'FAILED', channel_manager_status = 'FAILED', moved_by = 'callback'
""")
MANY = text("""
    INSERT INTO communication_batch (batch_id, campaign_id, last_updated_by)
    SELECT 'b' || n, :campaign, 'ana@example.com' FROM generate_series(1, :n) AS n
""")
HELD = text("SELECT count(*) FROM communication_batch WHERE paused")
TOLD = text("SELECT count(*) FROM audit WHERE deed = 'pause' AND subject LIKE 'batch %'")
EXTRA = text("SELECT extra_attempts, count(*) FROM communication_request GROUP BY 1")

pytestmark = [
    pytest.mark.turn(0),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]


def carry_on_after_a_kill(
    engine: Engine, environment: Mapping[str, str], folder: Path, number: int, most: int
) -> None:
    """One process is killed in the middle, and another one does the rest."""
    with running(API, environment, folder / "first") as first:
        eventually(lambda: show_bulk(engine, number).done > 0, DEADLINE)
        first.kill()
        first.wait()
    left = show_bulk(engine, number)
    assert 0 < left.done < most, "it was killed too late to prove anything"
    assert left.finished_at is None

    with running(API, environment, folder / "second"):
        eventually(lambda: show_bulk(engine, number).finished_at is not None, DEADLINE)
    assert show_bulk(engine, number).done == most


@pytest.fixture
def environment(database_url: str, broker_url: str, tmp_path: Path) -> Mapping[str, str]:
    return settings(database_url, broker_url, tmp_path) | {"API_PORT": str(free_port())}


def test_a_process_killed_in_its_middle_leaves_the_rest_to_the_next(
    engine: Engine, environment: Mapping[str, str], tmp_path: Path
) -> None:
    # Paused, so that nothing but the deed touches them.
    batch = make_batch(
        engine, campaign=make_campaign(engine, channel=Channel.SMS), batch_id="B", paused=True
    )
    with engine.begin() as connection:
        connection.execute(FILL, {"batch": batch, "n": PEOPLE})
        connection.execute(FAIL)
    order = BulkOrder(once=uuid4(), aim=Aim(deed=Deed.RETRY, batch_id="B"), most=PEOPLE)
    number = start_bulk(engine, order, by=BY)
    carry_on_after_a_kill(engine, environment, tmp_path, number, PEOPLE)

    with engine.begin() as connection:
        assert [tuple(row) for row in connection.execute(EXTRA)] == [(1, PEOPLE)]
        assert connection.scalar(text("SELECT count(*) FROM queue")) == PEOPLE


def test_a_pause_of_all_batches_is_carried_on_after_a_kill_and_each_is_paused_once(
    engine: Engine, environment: Mapping[str, str], tmp_path: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(MANY, {"campaign": make_campaign(engine), "n": BATCHES})
    order = BulkOrder(once=uuid4(), aim=Aim(deed=Deed.PAUSE), most=BATCHES, why="wrong words")
    number = start_bulk(engine, order, by=BY)
    carry_on_after_a_kill(engine, environment, tmp_path, number, BATCHES)

    with engine.begin() as connection:
        assert connection.scalar(HELD) == BATCHES
        assert connection.scalar(TOLD) == BATCHES

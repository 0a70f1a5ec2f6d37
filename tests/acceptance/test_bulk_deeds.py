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
from worker.domain.contract.bulk_deeds import BulkOrder
from worker.domain.statuses import Channel
from worker.local.ports import free_port

API = ("-m", "worker.api")
PEOPLE = 20_000
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
EXTRA = text("SELECT extra_attempts, count(*) FROM communication_request GROUP BY 1")

pytestmark = [
    pytest.mark.turn(0),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]


def test_a_process_killed_in_its_middle_leaves_the_rest_to_the_next(
    engine: Engine, database_url: str, broker_url: str, tmp_path: Path
) -> None:
    environment: Mapping[str, str] = settings(database_url, broker_url, tmp_path) | {
        "API_PORT": str(free_port())
    }
    # Paused, so that nothing but the deed touches them.
    batch = make_batch(
        engine, campaign=make_campaign(engine, channel=Channel.SMS), batch_id="B", paused=True
    )
    with engine.begin() as connection:
        connection.execute(FILL, {"batch": batch, "n": PEOPLE})
        connection.execute(FAIL)
    order = BulkOrder(
        once=uuid4(), deed=Deed.RETRY, batch_id="B", chosen={"outcome": ""}, most=PEOPLE
    )
    number = start_bulk(engine, order, by="ana@example.com")

    with running(API, environment, tmp_path / "first") as first:
        eventually(lambda: show_bulk(engine, number).done > 0, DEADLINE)
        first.kill()
        first.wait()
    left = show_bulk(engine, number)
    assert 0 < left.done < PEOPLE, "it was killed too late to prove anything"
    assert left.finished_at is None

    with running(API, environment, tmp_path / "second"):
        eventually(lambda: show_bulk(engine, number).finished_at is not None, DEADLINE)

    assert show_bulk(engine, number).done == PEOPLE
    with engine.begin() as connection:
        assert [tuple(row) for row in connection.execute(EXTRA)] == [(1, PEOPLE)]
        assert connection.scalar(text("SELECT count(*) FROM queue")) == PEOPLE

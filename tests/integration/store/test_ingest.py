from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from worker.domain.statuses import Channel, RequestStatus
from worker.store import ingest
from worker.store.ingest import REPORTED, Arrival, Ingested

CAMPAIGN = """
    INSERT INTO campaign (campaign_name, mode, source, body, daily_start_time, daily_end_time,
        active_days, timezone, last_updated_by)
    VALUES ('c', 'sms', '+15125550100', 'x', '09:00', '20:00', '{mon}', 'UTC', 'a@example.com')
"""
BATCHES = """
    INSERT INTO communication_batch (batch_id, campaign_id, last_updated_by)
    SELECT name, campaign.id, 'a@example.com' FROM campaign, unnest(ARRAY['A', 'B']) AS name
    RETURNING id
"""


def arrival(line: int, address: str | None, reference: str | None = None) -> Arrival:
    fault = None if address else "target is not a phone number"
    return Arrival(line, reference or str(line), address or "x", address, address, fault, {})


@pytest.fixture
def batches(engine: Engine) -> list[int]:
    """Two empty batches."""
    with engine.begin() as connection:
        connection.execute(text(CAMPAIGN))
        return list(connection.scalars(text(BATCHES)))


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A transaction, rolled back in the end."""
    with engine.connect() as made:
        yield made


def add(connection: Connection, batch: int, *arrivals: Arrival) -> Ingested:
    ingest.take_turn(connection, batch)
    return ingest.add(connection, batch, Channel.SMS, arrivals)


def test_requests_may_come_in_several_portions(connection: Connection, batches: list[int]) -> None:
    first = add(connection, batches[0], arrival(1, "+1"), arrival(2, "+2"))
    second = add(connection, batches[0], arrival(3, "+1"), arrival(4, None))

    assert first.by_status == {RequestStatus.PENDING: 2}
    assert second.by_status == {RequestStatus.DUPLICATE: 1, RequestStatus.INVALID: 1}
    assert (second.known, second.refused) == (0, ())


def test_nothing_arriving_changes_nothing(connection: Connection, batches: list[int]) -> None:
    assert add(connection, batches[0]) == Ingested({}, 0, 0, ())


def test_one_recipient_is_remembered_once_over_all_batches(
    connection: Connection, batches: list[int]
) -> None:
    add(connection, batches[0], arrival(1, "+1"))
    second = add(connection, batches[1], arrival(1, "+1"))

    recipients = connection.scalars(text("SELECT recipient FROM communication_request")).all()
    assert second.by_status == {RequestStatus.PENDING: 1}
    assert len(recipients) == 2
    assert len(set(recipients)) == 1


def test_invalid_ones_are_never_duplicates_of_each_other(
    connection: Connection, batches: list[int]
) -> None:
    added = add(connection, batches[0], arrival(1, None), arrival(2, None))

    assert added.by_status == {RequestStatus.INVALID: 2}


def test_the_first_line_with_an_address_wins_whatever_the_order_of_arrival(
    connection: Connection, batches: list[int]
) -> None:
    add(connection, batches[0], arrival(9, "+1"), arrival(3, "+1"))

    pending = "SELECT reference_id FROM communication_request WHERE request_status = 'PENDING'"
    assert connection.scalars(text(pending)).all() == ["3"]


def test_a_refused_row_leaves_no_recipient(connection: Connection, batches: list[int]) -> None:
    add(connection, batches[0], arrival(1, "+1", "same"), arrival(2, "+2", "same"))

    assert connection.scalars(text("SELECT identity FROM recipient")).all() == ["+1"]


def test_only_the_first_refused_rows_are_named_and_all_are_counted(
    connection: Connection, batches: list[int]
) -> None:
    same = [arrival(line, f"+{line}", "same") for line in range(1, REPORTED + 12)]

    added = add(connection, batches[0], *same)

    assert added.refused_count == REPORTED + 10
    assert [row.line for row in added.refused] == list(range(2, REPORTED + 2))


def test_a_rolled_back_upload_leaves_nothing(engine: Engine, batches: list[int]) -> None:
    with engine.connect() as abandoned:
        add(abandoned, batches[0], arrival(1, "+1"))

    with engine.connect() as fresh:
        for table in ("recipient", "communication_request", "queue", "request_count"):
            assert fresh.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608  a constant


def test_a_turn_is_taken_per_batch(engine: Engine, batches: list[int]) -> None:
    with engine.connect() as one, engine.connect() as other:
        ingest.take_turn(one, batches[0])
        ingest.take_turn(other, batches[1])

        free = text("SELECT pg_try_advisory_xact_lock(:lock, :batch)")
        same = {"lock": ingest.INGEST_LOCK, "batch": batches[0]}
        assert other.scalar(free, same) is False

"""A few arrivals are stored as many are: row by row, verdict by verdict."""

from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from tests.factories import make_batch, make_campaign, make_recipient
from worker.domain.statuses import Channel, SuppressReason
from worker.store import ingest
from worker.store.connect import in_transaction
from worker.store.few_arrivals import FEW, add_few
from worker.store.ingest import Arrival, Ingested

_ROWS = text("""
    SELECT r.reference_id, r.target, r.address, r.request_variables, r.request_status,
        r.channel_manager_status, r.error_code, r.error_message, r.is_duplicate, p.identity,
        q.request IS NOT NULL AS queued
    FROM communication_request AS r LEFT JOIN recipient AS p ON p.id = r.recipient
    LEFT JOIN queue AS q ON q.request = r.id
    WHERE r.batch = :batch ORDER BY r.reference_id
""")


def _arrival(random: Random, line: int) -> Arrival:
    number = f"+1512555{random.randrange(8):04}"
    reachable = random.random() < 0.8
    address, fault = (number, None) if reachable else (None, "target is not a phone number")
    variables = {"name": random.choice(["Ana", 'B"en', "Çağ 😀", "a\\b\n\tc"])}
    filtered = "refused" if reachable and random.random() < 0.2 else None
    reference = str(random.randrange(20))
    return Arrival(line, reference, number, address, address, fault, variables, filtered)


def _many(connection: Connection, batch: int, arrivals: list[Arrival]) -> Ingested:
    return ingest.add(connection, batch, Channel.SMS, arrivals)


def _few(connection: Connection, batch: int, arrivals: list[Arrival]) -> Ingested:
    return add_few(connection, batch, Channel.SMS, arrivals)


def _rows(engine: Engine, batch: int) -> list[Any]:
    with engine.begin() as connection:
        return list(connection.execute(_ROWS, {"batch": batch}))


@pytest.mark.parametrize("seed", range(12))
def test_a_few_are_stored_as_many_are(engine: Engine, seed: int) -> None:
    random, campaign = Random(seed), make_campaign(engine, channel=Channel.SMS)  # noqa: S311
    make_recipient(
        engine,
        channel=Channel.SMS,
        identity="+15125550003",
        suppressed_at="2027-01-01T00:00:00Z",
        suppress_reason=SuppressReason.UNSUBSCRIBED,
    )
    batches = [make_batch(engine, campaign=campaign) for _ in range(2)]

    for _ in range(3):
        arrivals = [_arrival(random, line) for line in range(random.randrange(8))]
        told = [
            in_transaction(engine, store, batch, arrivals)
            for store, batch in zip((_many, _few), batches, strict=True)
        ]
        assert told[0] == told[1]
    rows = [_rows(engine, batch) for batch in batches]
    assert rows[0] == rows[1]


def test_they_are_few(engine: Engine) -> None:
    batch = make_batch(engine, channel=Channel.SMS)
    arrivals = [Arrival(n, str(n), "x", None, None, "no", {}) for n in range(FEW + 1)]

    with pytest.raises(AssertionError):
        in_transaction(engine, _few, batch, arrivals)

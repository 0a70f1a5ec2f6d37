"""What a send asks of the database: so many statements for a chunk, however large, measured or not."""

import pytest
from sqlalchemy import Engine, event

from tests.factories import lease, make_batch, make_campaign, make_limits, make_request
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.deliver import deliver
from worker.domain.statuses import Channel
from worker.measures import MEASURED

LIMITS = make_limits(flush_rows=100, flush_seconds=5.0)
STATEMENTS = [
    *("UPDATE", "SELECT", "SELECT"),  # taken up, and read: the campaign's words, and to whom
    "SELECT",  # begun, by one function
    *(
        "SELECT",
        "SELECT",
        "WITH",
    ),  # recorded: the requests locked, the attempts, all changes written
    "UPDATE",  # left: the delivery is not held against it
]


@pytest.mark.parametrize("measures", [True, False], ids=["measured", "not-measured"])
@pytest.mark.parametrize("n", [1, 40])
def test_a_chunk_asks_as_much_however_large_it_is_and_whether_it_is_measured_or_not(
    engine: Engine, connect: Connect, n: int, measures: bool
) -> None:
    batch = make_batch(engine, campaign=make_campaign(engine))
    chunk = lease(engine, *(make_request(engine, batch=batch) for _ in range(n)))
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2].split()[0]))
    MEASURED.on = measures
    try:
        done = deliver(engine, connect(FakeProvider(Channel.VOICE)), LIMITS, chunk)
    finally:
        MEASURED.on = False
        MEASURED.take()

    assert done.answers == {"Accepted": n}
    assert asked == STATEMENTS

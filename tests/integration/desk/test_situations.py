"""What an operator is told of many batches is asked of the store for all of them together."""

from sqlalchemy import Engine, event

from tests.factories import make_batch, make_request
from worker.desk.days_ahead import look_ahead
from worker.domain.schedule.ceilings import Ceilings

OF_ITS_OWN = 3
"""Statements that ask what waits in one batch, for whom, and what became of those before."""


def asked_for(engine: Engine) -> int:
    """Count the statements of the page that plans all batches."""
    asked: list[str] = []

    def hear(*told: object) -> None:
        asked.append(str(told[2]))

    event.listen(engine, "before_cursor_execute", hear)
    ahead = look_ahead(engine, ceilings=Ceilings(), zone="UTC")
    event.remove(engine, "before_cursor_execute", hear)
    assert ahead.batches
    return len(asked)


def test_a_batch_more_costs_the_plan_no_more_than_its_own_load(engine: Engine) -> None:
    make_request(engine, batch=make_batch(engine))
    alone = asked_for(engine)
    for _ in range(4):
        make_request(engine, batch=make_batch(engine))

    assert asked_for(engine) <= alone + 4 * OF_ITS_OWN

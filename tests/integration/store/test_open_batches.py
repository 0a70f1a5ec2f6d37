"""Whoever asks which batches are open asks what their index holds, no more and no less."""

from itertools import product

import pytest
from sqlalchemy import Engine, text

from worker.store.schema.conventions import is_open

ENDS = ("deleted_at", "finished_at", "error_message")
CONDITIONS = """
    SELECT pg_get_expr(indpred, indrelid) FROM pg_index
    WHERE indexrelid IN ('probe'::regclass, 'communication_batch_open'::regclass)
"""


@pytest.mark.parametrize("states", [*product([False, True], repeat=4)])
def test_a_batch_is_open_until_anything_stops_or_ends_it(
    shared_engine: Engine, states: tuple[bool, ...]
) -> None:
    paused, *ended = states
    values = [str(paused), *("'now'" if one else "NULL" for one in ended)]
    row = f"(VALUES ({', '.join(values)})) AS b (paused, {', '.join(ENDS)})"

    with shared_engine.connect() as connection:
        found = connection.scalar(text(f"SELECT {is_open('b.')} FROM {row}"))  # noqa: S608  all constants

    assert found is not any(states)


def test_it_is_the_very_condition_of_their_index(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(
            text(f"CREATE INDEX probe ON communication_batch (id) WHERE {is_open()}")
        )
        conditions = connection.scalars(text(CONDITIONS)).all()

    assert len(conditions) == 2
    assert conditions[0] == conditions[1]

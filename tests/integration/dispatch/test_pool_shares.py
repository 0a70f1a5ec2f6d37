"""A sample of `python -m tests.prove.pools`: 500 people and three batches, by the sandbox's ledger."""

import secrets

import pytest
from sqlalchemy import Engine

from tests.fixtures.sandbox import Sandbox
from tests.prove.ground import line_to
from tests.prove.pools import Dispatch, prove_shares
from worker.limits import OpenGate

PEOPLE, POINTS = 500, 0.06
"""Of so few each number is within six points of its weight in all but one of some thousand runs."""


pytestmark = pytest.mark.turn(1)


@pytest.mark.usefixtures("durable")
def test_everybody_has_one_number_near_them_or_by_weight(engine: Engine, sandbox: Sandbox) -> None:
    sandbox.change(callbacks=False)
    line = line_to(sandbox)
    try:
        dispatch = Dispatch(engine, line, OpenGate())
        found = prove_shares(dispatch, sandbox, PEOPLE, secrets.randbelow(10_000), POINTS)
    finally:
        line.close()

    assert found.broken == [], found.lines

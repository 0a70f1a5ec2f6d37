"""A batch keeps the trace of the call that created it; words that are no trace leave none."""

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text

from tests.asgi import ask
from tests.callers import make_key
from tests.factories import make_campaign
from worker.api.callers import HEADER
from worker.domain.callers import Role

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PERSON = "+15125550188"


@pytest.mark.parametrize(("given", "kept"), [(GIVEN, GIVEN), (PERSON, None), ("", None)])
def test_a_batch_keeps_the_trace_of_the_call_that_created_it(
    engine: Engine, api: FastAPI, given: str, kept: str | None
) -> None:
    key = make_key(engine, "all", role=Role.ADMIN)
    headers = {HEADER: key, "Content-Type": "application/json", "traceparent": given}
    body = orjson.dumps({"batch_id": "traced", "campaign_id": make_campaign(engine)})

    status, said = ask(api, "POST", "/api/v1/outreach/batches", body, headers)

    assert status == 200, said
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT traceparent FROM communication_batch"))
    assert found == kept

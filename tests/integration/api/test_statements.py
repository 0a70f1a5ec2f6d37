"""How often each request of a usual mix asks the store: each time too many is paid by every client."""

from collections.abc import Iterator

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event

from tests.asgi import ask
from tests.callers import make_key
from tests.factories import make_batch, make_campaign, make_request
from tests.prove.mix import BATCH, REQUEST, mix_at
from worker.domain.callers import Role
from worker.domain.statuses import Channel

MOST = {
    f"GET {BATCH}": 3,
    f"GET {BATCH}/results": 3,
    f"POST {BATCH}/requests": 9,
    f"GET {REQUEST}": 11,
    "GET /api/v1/outbound/batches": 3,
    f"PUT {BATCH}": 8,
    "GET /api/v1/outbound/campaigns/1": 1,
    f"POST {BATCH}/remove-requests": 5,
}
"""Statements, without those that begin and end a transaction; the keys are read once a second."""


@pytest.fixture
def asked(api: FastAPI) -> Iterator[list[str]]:
    """The statements that the API makes."""
    engine: Engine = api.state.runtime.engine
    made: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if "access_key" not in statement:
            made.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield made
    event.remove(engine, "before_cursor_execute", note)


def test_no_request_of_the_mix_asks_the_store_oftener(
    engine: Engine, api: FastAPI, asked: list[str]
) -> None:
    campaign = make_campaign(engine, channel=Channel.EMAIL)
    batch = make_batch(engine, batch_id="M", campaign=campaign, paused=True)
    for n in range(10):
        make_request(engine, batch=batch, reference_id=str(n))
    key, counted = make_key(engine, role=Role.ADMIN), {}

    for n, made in enumerate(mix_at(campaign)):
        method, path, body = made(n)
        named, _, query = path.partition("?")
        asked.clear()
        headers = {"Syllable-API-Key": key, "Content-Type": "application/json"}
        status, said = ask(api, method, named, orjson.dumps(body), headers, query)
        assert status == 200, said
        counted[f"{method} {named}"] = len(asked)

    assert counted.keys() == MOST.keys()
    assert {name: n for name, n in counted.items() if n > MOST[name]} == {}

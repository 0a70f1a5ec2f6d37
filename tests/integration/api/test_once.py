"""A POST with an Idempotency-Key: once, however often it is sent, and answered as before."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text

from tests.asgi import ask
from tests.callers import make_key
from tests.factories import make_batch, make_campaign
from worker.api.callers import HEADER
from worker.desk.audit import list_audit
from worker.domain.callers import Role

Send = Callable[..., tuple[int, Any]]


@pytest.fixture
def key(engine: Engine) -> str:
    return make_key(engine, role=Role.ADMIN)


@pytest.fixture
def send(api: FastAPI, key: str) -> Send:
    """Posts a body with an Idempotency-Key."""

    def send(path: str, body: object, once: str, by: str = key) -> tuple[int, Any]:
        headers = {HEADER: by, "Content-Type": "application/json", "Idempotency-Key": once}
        raw = orjson.dumps(body)
        status, said = ask(api, "POST", f"/api/v1/outreach{path}", raw, headers)
        return status, orjson.loads(said)

    return send


def test_a_key_is_made_once_and_its_secret_is_kept_nowhere(engine: Engine, send: Send) -> None:
    wanted = {"name": "bi", "role": "read"}
    first, again = send("/keys", wanted, "k1"), send("/keys", wanted, "k1")

    assert (first[0], again[0]) == (200, 200)
    assert "key" in first[1]
    assert again[1] == {
        name: first[1][name] for name in ("id", "name", "campaign_id", "created_at")
    }
    with engine.begin() as connection:
        kept = connection.execute(
            text("SELECT string_agg(c::text, '') FROM once_call AS c")
        ).scalar()
    assert first[1]["key"] not in str(kept)


def test_another_body_is_refused_and_another_route_is_another_call(
    engine: Engine, send: Send
) -> None:
    make_batch(engine, batch_id="B", campaign=make_campaign(engine))
    assert send("/batches/B/pause", {"reason": "a"}, "k")[0] == 200
    status, told = send("/batches/B/pause", {"reason": "b"}, "k")
    assert (status, "another body" in str(told)) == (422, True)
    assert send("/batches/B/resume", {"reason": "b"}, "k")[0] == 200


def test_what_was_refused_may_be_sent_again(engine: Engine, send: Send) -> None:
    assert send("/batches/B/pause", {}, "k")[0] == 404
    make_batch(engine, batch_id="B", campaign=make_campaign(engine))
    assert send("/batches/B/pause", {}, "k")[0] == 200


def test_many_at_once_have_one_effect(engine: Engine, send: Send) -> None:
    make_batch(engine, batch_id="B", campaign=make_campaign(engine))
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, "/batches/B/pause", {"reason": "x"}, "k") for _ in range(8)]
        statuses = [one.result()[0] for one in sent]

    assert statuses == [200] * 8
    assert [one.deed for one in list_audit(engine, batch="B")] == ["pause"]


@pytest.mark.parametrize("once", ["", "a b", "x" * 201])
def test_what_can_be_no_key_is_refused(send: Send, once: str) -> None:
    status, told = send("/batches/B/pause", {}, once)
    assert (status, told["detail"][0]["loc"]) == (422, ["header", "Idempotency-Key"])


def test_what_a_key_may_not_see_it_is_not_told_as_done(
    engine: Engine, api: FastAPI, key: str, send: Send
) -> None:
    make_batch(engine, batch_id="B", campaign=make_campaign(engine))
    make_campaign(engine, campaign_name="Own")
    others = [
        make_key(engine, "own", role=Role.ADMIN, campaign="Own"),
        make_key(engine, "r", role=Role.READ),
    ]
    api.state.runtime.key_ring.forget()

    assert send("/batches/B/pause", {}, "k", key)[0] == 200
    assert [send("/batches/B/pause", {}, "k", other)[0] for other in others] == [404, 403]

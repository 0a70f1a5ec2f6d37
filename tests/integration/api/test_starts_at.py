"""A batch that starts later, by either API."""

from datetime import UTC, datetime

from fastapi import FastAPI
from sqlalchemy import Engine

from tests.asgi import ask
from tests.callers import make_key
from tests.factories import make_campaign
from tests.integration.api.conftest import Call
from worker.desk.batches import show_batch

PUBLIC = "/api/v1/outbound/batches"


def starts(engine: Engine, batch_id: str) -> datetime | None:
    return show_batch(engine, batch_id).facts.starts_at


def test_a_start_is_set_moved_and_cleared_by_our_own_api(engine: Engine, call: Call) -> None:
    key, campaign = make_key(engine), make_campaign(engine)
    fields = {"batch_id": "B", "campaign_id": campaign, "starts_at": "2099-01-01T08:00:00Z"}

    status, told = call(key, "POST", "/batches", fields)
    assert (status, told["starts_at"], told["status"]) == (200, "2099-01-01T08:00:00Z", "PENDING")
    assert call(key, "PATCH", "/batches/B", {"starts_at": "2098-01-01T08:00:00+01:00"})[0] == 200
    assert starts(engine, "B") == datetime(2098, 1, 1, 7, tzinfo=UTC)
    for wrong in ("2099-01-01T08:00:00", "soon", 5):
        status, told = call(key, "PATCH", "/batches/B", {"starts_at": wrong})
        assert (status, told["detail"][0]["loc"]) == (422, ["body", "starts_at"])
    assert call(key, "PATCH", "/batches/B", {"starts_at": None})[1]["starts_at"] is None


def test_and_by_the_public_one(engine: Engine, api: FastAPI) -> None:
    key, campaign = make_key(engine), make_campaign(engine)

    def send(method: str, path: str, body: str) -> tuple[int, bytes]:
        headers = {"Syllable-API-Key": key, "Content-Type": "application/json"}
        return ask(api, method, PUBLIC + path, body.encode(), headers)

    made = f'{{"batch_id": "B", "campaign_id": {campaign}, "starts_at": "2099-01-01T08:00:00"}}'
    assert send("POST", "", made)[0] == 200
    assert starts(engine, "B") == datetime(2099, 1, 1, 8, tzinfo=UTC)
    assert send("PUT", "/B", "{}")[0] == 200
    assert starts(engine, "B") is not None
    assert send("PUT", "/B", '{"expires_on": "2098-01-01T00:00:00Z"}')[0] == 422
    assert send("PUT", "/B", '{"starts_at": null}')[0] == 200
    assert starts(engine, "B") is None

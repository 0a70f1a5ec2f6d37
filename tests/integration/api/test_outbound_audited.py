"""Whatever is changed through the public API has its row in the audit: asked of each of its operations."""

from typing import Any

import orjson
from fastapi import FastAPI
from sqlalchemy import Engine

from tests.asgi import ask
from tests.callers import make_key
from tests.factories import ANA, make_batch, make_campaign, make_request
from tests.integration.api.test_audited import contents
from worker.desk.audit import list_audit
from worker.domain.callers import Role

PREFIX = "/api/v1/outbound"
CAMPAIGN = {
    "campaign_name": "new",
    "mode": "sms",
    "source": "+15125550100",
    "caller_id": None,
    "active_days": ["mon"],
    "campaign_variables": {"body": "Hello"},
}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"

# In an order in which each of them changes something.
DEEDS: tuple[tuple[str, str, object], ...] = (
    ("POST /campaigns", "/campaigns", CAMPAIGN),
    ("PUT /campaigns/{campaign_id}", "/campaigns/2", CAMPAIGN | {"description": "x"}),
    ("POST /batches", "/batches", {"batch_id": "new", "campaign_id": 1}),
    ("PUT /batches/{batch_id}", "/batches/B", {"paused": True}),
    (
        "POST /batches/{batch_id}/requests",
        "/batches/B/requests",
        {"reference_id": "added", "target": "+15125550134", "request_variables": {}},
    ),
    ("POST /batches/{batch_id}/remove-requests", "/batches/B/remove-requests", ["waits"]),
    ("DELETE /batches/{batch_id}", "/batches/B", b"delete_reason=over"),
    ("DELETE /campaigns/{campaign_id}", "/campaigns/2", None),
)
BY_A_CLERK = {
    "POST /batches/{batch_id}/upload_batch": "the file is kept; who reads it notes the deed"
}


def changing(app: FastAPI) -> set[str]:
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith(PREFIX) and method != "get"
    }


def send(api: FastAPI, key: str, operation: str, path: str, body: object) -> tuple[int, Any]:
    raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    kind = FORM if isinstance(body, bytes) else JSON
    headers = {"Syllable-API-Key": key, "Content-Type": kind}
    return ask(api, operation.split(maxsplit=1)[0], f"{PREFIX}{path}", raw, headers)


def test_every_change_leaves_a_row_that_names_its_owner_and_door(
    engine: Engine, api: FastAPI
) -> None:
    batch = make_batch(engine, batch_id="B", campaign=make_campaign(engine, campaign_name="C"))
    make_request(engine, batch=batch, reference_id="waits")
    key = make_key(engine, role=Role.ADMIN)
    assert {operation for operation, _, _ in DEEDS} | BY_A_CLERK.keys() == changing(api)

    for operation, path, body in DEEDS:
        before, told = contents(engine), len(list_audit(engine, limit=1_000))
        status, said = send(api, key, operation, path, body)
        assert status == 200, (operation, said)
        assert contents(engine) != before, f"{operation} changed nothing"
        new = list_audit(engine, limit=1_000)[: -told or None]
        assert (ANA, "api") in {(one.by, one.door) for one in new}, f"{operation} left no row"

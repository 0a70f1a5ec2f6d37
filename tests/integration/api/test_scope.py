"""A key of one campaign: whatever it asks for by whatever route, of another campaign there is nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from tests.callers import make_key
from tests.factories import make_attempt, make_batch, make_campaign, make_request
from worker.desk.batches import show_batch
from worker.desk.suppressions import suppress_recipient
from worker.domain.callers import Role
from worker.domain.statuses import AttemptState, Channel, SuppressReason

Call = Callable[..., tuple[int, Any]]
PREFIX = "/api/v1/outreach"

NOTHING_FOREIGN = {
    "GET /campaigns": "only its own",
    "GET /batches": "only its campaign's",
    "POST /search": "only its campaign's",
    "GET /attempts/in-doubt": "only its campaign's",
    "GET /halts": "only its campaign's",
    "GET /halts/history": "only its campaign's",
    "GET /audit": "only its campaign's and their batches'",
    "POST /suppressions": "anybody may be opted out",
    "POST /suppressions/check": "yes or no, of one address",
    "GET /messages": "what messages there are is documentation",
    "GET /messages/{name}": "as above",
}
"""Operations that answer such a key, and why that tells it nothing of another campaign."""

BODIES: dict[str, dict[str, object]] = {
    "POST /batches": {"batch_id": "new", "campaign_id": 1},
    "POST /batches/{batch_id}/delete": {"reason": "x"},
    "POST /batches/{batch_id}/requests": {
        "requests": [{"reference_id": "x", "target": "+15125550141"}]
    },
    "POST /batches/{batch_id}/remove": {"reference_ids": ["1"]},
    "POST /campaigns/{campaign}/test": {"target": "+15125550141"},
    "POST /halts": {"scope": "campaign", "key": "1"},
    "POST /halts/resume": {"scope": "campaign", "key": "1"},
    "POST /suppressions/explain": {"mode": "voice", "target": "+15125550140"},
    "POST /keys": {"name": "x", "role": "read"},
}
QUERIES = {"/request": "reference_id=1", "/preview": "reference_id=1", "/import": "mode=voice"}
FILE = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="f.csv"\r\n\r\n'
    b"reference_id,target\r\n9,+15125550149\r\n\r\n--x--\r\n"
)


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        if path.startswith(PREFIX):
            for method, told in methods.items():
                yield method.upper(), path.removeprefix(PREFIX), told


@pytest.fixture
def foreign(engine: Engine) -> dict[str, str]:
    """Everything of another campaign, by the names that paths have for it."""
    campaign = make_campaign(engine, campaign_name="Foreign")
    batch = make_batch(engine, batch_id="F", campaign=campaign)
    request = make_request(engine, batch=batch, reference_id="1")
    attempt = make_attempt(engine, request=request, state=AttemptState.IN_DOUBT)
    suppress_recipient(
        engine,
        Channel.VOICE,
        "+15125550140",
        reason=SuppressReason.UNSUBSCRIBED,
        by="x@example.com",
    )
    named = {"campaign": campaign, "attempt": attempt, "suppression": 1, "letter": 1}
    return {name: str(one) for name, one in named.items()} | {
        "batch_id": "F",
        "kind": "jsonl",
        "name": "outreach.create_batch",
    }


@pytest.fixture
def key(engine: Engine, foreign: dict[str, str]) -> str:
    own = make_campaign(engine, campaign_name="Own")
    assert str(own) != foreign["campaign"]
    make_batch(engine, batch_id="O", campaign=own)
    return make_key(engine, role=Role.ADMIN, campaign="Own")


def test_whatever_it_asks_of_another_campaign_there_is_none(
    engine: Engine, api: FastAPI, call: Call, foreign: dict[str, str], key: str, post_file: Any
) -> None:
    before = show_batch(engine, "F").to_wire()
    BODIES["POST /batches"]["campaign_id"] = int(foreign["campaign"])
    for scope in ("POST /halts", "POST /halts/resume"):
        BODIES[scope]["key"] = foreign["campaign"]
    answered = {}
    for method, path, told in operations(api):
        operation = f"{method} {path}"
        if operation in NOTHING_FOREIGN:
            continue
        asked = path.format_map(foreign)
        query = next((query for end, query in QUERIES.items() if path.endswith(end)), "")
        if "multipart/form-data" in told.get("requestBody", {}).get("content", {}):
            answered[operation] = post_file(key, asked, FILE, query)[0]
            continue
        body = BODIES.get(operation, {}) if method in {"POST", "PATCH"} else None
        answered[operation] = call(key, method, asked, body, query)[0]

    assert {one: status for one, status in answered.items() if status != 404} == {}
    assert len(answered) >= 30
    assert show_batch(engine, "F").to_wire() == before


def test_what_it_is_answered_tells_nothing_of_another_campaign(
    call: Call, foreign: dict[str, str], key: str
) -> None:
    for path, query in (
        ("/campaigns", ""),
        ("/batches", ""),
        ("/batches", "campaign=Foreign"),
        ("/attempts/in-doubt", ""),
        ("/halts", ""),
        ("/audit", ""),
    ):
        status, told = call(key, "GET", path, None, query)
        assert status == 200
        assert '"F"' not in str(told).replace("'", '"')
        assert "Foreign" not in str(told)
    assert call(key, "POST", "/search", {"reference_id": "1"}) == (200, [])
    assert foreign


def test_a_taken_batch_id_is_a_conflict_without_a_word_about_it(
    engine: Engine, call: Call, foreign: dict[str, str], key: str
) -> None:
    own = call(key, "GET", "/campaigns")[1][0]["id"]

    status, told = call(key, "POST", "/batches", {"batch_id": "F", "campaign_id": own})
    assert status == 409
    assert told == {"detail": "this batch_id is taken"}
    assert foreign


def test_it_may_suppress_and_see_one_address_and_lifts_none(
    call: Call, foreign: dict[str, str], key: str
) -> None:
    somebody = {"mode": "voice", "target": "+15125550142"}
    assert call(key, "POST", "/suppressions/check", somebody)[1] == {"suppressed": False}
    assert call(key, "POST", "/suppressions", somebody)[0] == 200
    assert call(key, "POST", "/suppressions/check", somebody)[1] == {"suppressed": True}
    assert call(key, "POST", "/suppressions/2/lift", {})[0] == 404
    assert call(key, "GET", "/suppressions")[0] == 404
    assert foreign

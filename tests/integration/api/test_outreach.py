"""What the command line can do, by HTTP: with the same use cases, and a row in the audit for each change."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from tests.asgi import ask
from tests.callers import make_key
from tests.factories import (
    ANA,
    ANY_TIME,
    CONTENT,
    let_scan,
    make_attempt,
    make_batch,
    make_request,
)
from tests.sessions import eventually
from worker.api.callers import HEADER
from worker.desk.audit import list_audit
from worker.domain.callers import Role
from worker.domain.schedule.explain import NOTHING_SCANS
from worker.domain.statuses import AttemptState, Channel

Call = Callable[..., tuple[int, Any]]

FIELDS = {
    "campaign_name": "Reminder",
    "mode": "voice",
    "source": "+15125550100",
    "timezone": "UTC",
    "active_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    **ANY_TIME,
    **CONTENT[Channel.VOICE],
}
BEA = {"reference_id": "1", "target": "+15125550140", "request_variables": {"name": "Bea"}}


@pytest.fixture
def key(engine: Engine) -> str:
    return make_key(engine, "all", role=Role.ADMIN)


@pytest.fixture
def batch(call: Call, key: str) -> str:
    status, made = call(key, "POST", "/campaigns", FIELDS)
    assert status == 200, made
    status, told = call(key, "POST", "/batches", {"batch_id": "B", "campaign_id": made["id"]})
    assert (status, told["status"], told["last_updated_by"]) == (200, "PENDING", ANA)
    added = call(key, "POST", "/batches/B/requests", {"requests": [BEA]})
    assert added == (200, {"changed": 1})
    return "B"


def test_each_change_has_its_row_with_the_owner_and_the_door(
    engine: Engine, call: Call, key: str, batch: str
) -> None:
    call(key, "POST", f"/batches/{batch}/pause", {"reason": "wrong words"})
    call(key, "POST", f"/batches/{batch}/resume", {"reason": "right again"})
    call(key, "PATCH", f"/batches/{batch}", {"call_rate": 60})
    call(key, "POST", f"/batches/{batch}/delete", {"reason": "over"})

    told = [(one.deed, one.by, one.door, one.why) for one in list_audit(engine, batch=batch)]
    assert told == [
        ("delete", ANA, "api", "over"),
        ("edit", ANA, "api", None),
        ("resume", ANA, "api", "right again"),
        ("pause", ANA, "api", "wrong words"),
        ("add", ANA, "api", None),
        ("create", ANA, "api", None),
    ]


def test_what_holds_a_request_is_listed_gate_by_gate(
    engine: Engine, call: Call, key: str, batch: str
) -> None:
    asked = (key, "GET", f"/batches/{batch}/request", None, "reference_id=1")
    assert call(*asked)[1]["held_by"] == [f"scheduler: {NOTHING_SCANS}"]
    let_scan(engine)
    assert call(*asked)[1]["held_by"] == []

    call(key, "POST", f"/batches/{batch}/pause", {})
    call(key, "POST", "/halts", {"scope": "channel", "key": "voice", "reason": "storm"})
    call(key, "POST", "/suppressions", {"mode": "voice", "target": "+15125550140"})

    held = call(*asked)[1]["held_by"]
    assert [gate.split(":")[0] for gate in held] == [
        "paused",
        "halt of channel voice",
        "suppressed",
    ]
    assert "+1512" not in str(held)


def test_a_request_is_found_over_all_batches_by_whom_it_is_for(
    call: Call, key: str, batch: str
) -> None:
    for searched in ({"target": "+1 512 555 0140"}, {"reference_id": "1"}):
        status, found = call(key, "POST", "/search", searched)
        assert (status, [(one["batch_id"], one["reference_id"]) for one in found]) == (
            200,
            [(batch, "1")],
        )
    for wrong in ({}, {"target": "+15125550140", "reference_id": "1"}, {"target": "nobody"}):
        assert call(key, "POST", "/search", wrong)[0] == 422


def test_results_are_filtered_paged_and_streamed(
    engine: Engine, api: FastAPI, call: Call, key: str
) -> None:
    batch = make_batch(engine, batch_id="R")
    for n in range(5):
        make_request(engine, batch=batch, reference_id=f"r{n}")

    seen: list[str] = []
    query = "limit=2"
    while True:
        page = call(key, "GET", "/batches/R/results", None, query)[1]
        seen += [one["reference_id"] for one in page["items"]]
        if page["next"] is None:
            break
        query = f"limit=2&after={page['next']}"
    assert seen == [f"r{n}" for n in range(5)]
    assert call(key, "GET", "/batches/R/results", None, "status=FAILED")[1]["items"] == []

    headers = {HEADER: key}
    path = "/api/v1/outreach/batches/R/results"
    lines = ask(api, "GET", f"{path}/jsonl", headers=headers)[1].splitlines()
    assert [orjson.loads(line)["reference_id"] for line in lines] == seen
    csv = ask(api, "GET", f"{path}/csv", headers=headers)[1].decode().splitlines()
    assert csv[0].startswith("batch_id,reference_id,target")
    assert len(csv) == 6


def test_a_doubt_is_decided(engine: Engine, call: Call, key: str) -> None:
    request = make_request(engine)
    attempt = make_attempt(engine, request=request, state=AttemptState.IN_DOUBT)

    assert [one["attempt"] for one in call(key, "GET", "/attempts/in-doubt")[1]] == [attempt]
    assert call(key, "POST", f"/attempts/{attempt}/count-as-sent")[0] == 200
    assert call(key, "POST", f"/attempts/{attempt}/allow-retry")[0] == 409


def test_a_key_is_made_by_a_key_and_shown_once(call: Call, key: str) -> None:
    status, made = call(key, "POST", "/keys", {"name": "bi", "role": "read"})
    assert status == 200
    assert call(made["key"], "GET", "/batches")[0] == 200
    assert call(made["key"], "POST", "/batches", {})[0] == 403
    assert made["key"] not in str(call(key, "GET", "/keys"))
    assert call(key, "POST", "/keys/bi/revoke")[0] == 200
    assert call(key, "POST", "/keys/bi/revoke")[0] == 404


def form(rows: str) -> bytes:
    """A file in a form, as it goes over the wire with the boundary `x`."""
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="f.csv"\r\n\r\n'
    return f"{head}{rows}\r\n--x--\r\n".encode()


def test_a_list_is_imported_in_editions(call: Call, key: str, post_file: Any) -> None:
    def edition(*last: int, query: str = "") -> Any:
        rows = "target\r\n" + "".join(f"+1512555{n:04}\r\n" for n in last)
        asked = f"mode=voice&source=dnc{query}"
        return post_file(key, "/suppressions/import", form(rows), asked)

    assert edition(*range(100, 120))[1]["new"] == 20
    status, told = edition(100, query="&replace=true")
    assert (status, told["lifted"]) == (200, 0)
    assert told["not_lifted"] == (
        "nothing is lifted: it would be 19 of 20; if that is meant, import again with --lift 19"
    )
    told = edition(100, query="&replace=true&lift=19")[1]
    assert (told["new"], told["lifted"], told["not_lifted"]) == (0, 19, None)
    left = call(key, "POST", "/suppressions/check", {"mode": "voice", "target": "+15125550101"})
    assert left[1] == {"suppressed": False}
    for wrong in ("mode=voice&replace=true", "mode=voice&source=dnc&lift=3"):
        status, told = post_file(key, "/suppressions/import", form("+15125550100"), wrong)
        assert (status, told["detail"][0]["loc"]) == (422, ["body", "source"])


def test_every_bad_row_of_a_file_is_told_if_asked(api: FastAPI, key: str, batch: str) -> None:
    rows = "reference_id,target\r\n" + "".join(f"{n},nobody {n}\r\n" for n in range(2, 300))
    headers = {HEADER: key, "Content-Type": "multipart/form-data; boundary=x"}
    path = f"/api/v1/outreach/batches/{batch}/upload"

    status, told = ask(api, "POST", path, form(rows), headers, "report=csv")

    lines = told.decode().splitlines()
    assert (status, lines[0], len(lines)) == (200, "line,column,reason", 299)
    assert "nobody" not in told.decode()


def test_a_source_rests_under_its_account_and_channel(call: Call, key: str) -> None:
    rests = {"scope": "source", "key": "sms@north:+15125550100"}

    assert call(key, "POST", "/halts", rests) == (200, {"changed": True})
    assert [one["key"] for one in call(key, "GET", "/halts")[1]] == [rests["key"]]
    assert call(key, "POST", "/halts/resume", rests) == (200, {"changed": True})
    assert call(key, "POST", "/halts", rests | {"key": "+15125550100"})[0] == 422


def test_halts_and_their_liftings_stay_in_the_history(
    engine: Engine, call: Call, key: str, batch: str
) -> None:
    call(key, "POST", "/halts", {"scope": "channel", "key": "sms", "reason": "wrong words"})
    call(key, "POST", "/halts/resume", {"scope": "channel", "key": "sms", "reason": "mended"})
    call(key, "POST", "/halts", {"scope": "campaign", "key": "1", "reason": "too early"})
    call(key, "POST", f"/batches/{batch}/pause", {})
    call(key, "POST", f"/batches/{batch}/resume", {})

    told = call(key, "GET", "/halts/history")[1]
    assert [(one["deed"], one["subject"], one["why"]) for one in told] == [
        ("halt", "campaign 1", "too early"),
        ("resume", "channel sms", "mended"),
        ("halt", "channel sms", "wrong words"),
    ]
    own = make_key(engine, "own", campaign="Reminder")
    eventually(lambda: call(own, "GET", "/halts/history")[0] == 200)
    assert [one["subject"] for one in call(own, "GET", "/halts/history")[1]] == ["campaign 1"]

"""Whatever is changed through the API has its row in the audit: asked of every operation in the document."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine, text

from tests.callers import make_key
from tests.factories import (
    ANA,
    ANY_TIME,
    CONTENT,
    make_attempt,
    make_batch,
    make_campaign,
    make_request,
)
from worker.api.once import READING
from worker.desk.audit import list_audit
from worker.desk.messages import accept
from worker.domain.callers import Role
from worker.domain.statuses import AttemptState, Channel, RequestStatus

Call = Callable[..., tuple[int, Any]]
PREFIX = "/api/v1/outreach"
NO_DEED = {
    *("audit", "audit_seal", "audit_unsealed", "once_call"),  # what tells of deeds
    *("alembic_version", "duty", "pulse"),
}
ROWS = "reference_id,target\r\n9,+15125550149\r\n"
FORM = (
    '--x\r\nContent-Disposition: form-data; name="file"; filename="f.csv"\r\n\r\n'
    f"{ROWS}\r\n--x--\r\n"
).encode()
FILE = object()
VOICE = {"mode": "voice", "source": "+15125550100", **ANY_TIME, **CONTENT[Channel.VOICE]}

# In an order in which each of them changes something.
DEEDS: tuple[tuple[str, str, object], ...] = (
    ("POST /campaigns", "/campaigns", {"campaign_name": "new", "timezone": "UTC", **VOICE}),
    ("PATCH /campaigns/{campaign}", "/campaigns/C", {"description": "x"}),
    ("POST /campaigns/{campaign}/test", "/campaigns/C/test", {"target": "+15125550133"}),
    ("POST /batches", "/batches", {"batch_id": "new", "campaign_id": 1}),
    ("PATCH /batches/{batch_id}", "/batches/B", {"call_rate": 60}),
    ("POST /batches/{batch_id}/pause", "/batches/B/pause", {}),
    ("POST /batches/{batch_id}/resume", "/batches/B/resume", {}),
    (
        "POST /batches/{batch_id}/requests",
        "/batches/B/requests",
        {"requests": [{"reference_id": "added", "target": "+15125550134"}]},
    ),
    ("POST /batches/{batch_id}/upload", "/batches/B/upload", FILE),
    ("POST /batches/{batch_id}/remove", "/batches/B/remove", {"reference_ids": ["added"]}),
    ("POST /batches/{batch_id}/retry", "/batches/B/retry", {}),
    ("POST /attempts/{attempt}/count-as-sent", "/attempts/{sent}/count-as-sent", None),
    ("POST /attempts/{attempt}/allow-retry", "/attempts/{retried}/allow-retry", None),
    ("POST /suppressions", "/suppressions", {"mode": "voice", "target": "+15125550135"}),
    ("POST /suppressions/{suppression}/lift", "/suppressions/1/lift", {}),
    ("POST /suppressions/import", "/suppressions/import?mode=voice", FILE),
    ("POST /halts", "/halts", {"scope": "all"}),
    ("POST /halts/resume", "/halts/resume", {"scope": "all"}),
    (
        "POST /dead-letters/{letter}/replay",
        "/dead-letters/1/replay",
        {"payload": '{"batch_id": "B", "paused": true}'},
    ),
    ("POST /dead-letters/{letter}/discard", "/dead-letters/2/discard", None),
    ("POST /keys", "/keys", {"name": "bi", "role": "read"}),
    ("POST /keys/{name}/revoke", "/keys/bi/revoke", None),
    ("POST /batches/{batch_id}/delete", "/batches/B/delete", {"reason": "over"}),
)


def contents(engine: Engine) -> Mapping[str, str]:
    """Every table that a deed may change, as one text each; whose key was used last is no deed."""
    found = {}
    with engine.begin() as connection:
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ).all()
        for table in set(tables) - NO_DEED:
            row = "to_jsonb(t) - 'last_used_at'"
            query = f"SELECT md5(string_agg(r, ',' ORDER BY r)) FROM (SELECT ({row})::text AS r FROM {table} AS t) AS s"  # noqa: S608, E501
            found[table] = str(connection.scalar(text(query)))
    return found


def changing(app: FastAPI) -> set[str]:
    """Every operation that may change something."""
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith(PREFIX) and method != "get" and not path.endswith(READING)
    }


def test_every_change_leaves_a_row_that_names_its_owner_and_door(
    engine: Engine, api: FastAPI, call: Call, post_file: Any
) -> None:
    batch = make_batch(engine, batch_id="B", campaign=make_campaign(engine, campaign_name="C"))
    doubts = {
        name: str(
            make_attempt(
                engine, request=make_request(engine, batch=batch), state=AttemptState.UNRESOLVED
            )
        )
        for name in ("sent", "retried")
    }
    failed = make_request(engine, batch=batch)
    make_attempt(engine, request=failed, state=AttemptState.REFUSED, status=RequestStatus.FAILED)
    for number in range(2):
        accept(engine, "outreach.update_batch", f"m{number}", {"batch_id": "none", "paused": True})
    key = make_key(engine, role=Role.ADMIN)
    assert {operation for operation, _, _ in DEEDS} == changing(api)

    for operation, path, body in DEEDS:
        before, told = contents(engine), len(list_audit(engine, limit=1_000))
        asked, _, query = path.format_map(doubts).partition("?")
        if body is FILE:
            status, said = post_file(key, asked, FORM, query)
        else:
            status, said = call(key, operation.split()[0], asked, body, query)
        assert status == 200, (operation, said)
        assert contents(engine) != before, f"{operation} changed nothing"
        new = list_audit(engine, limit=1_000)[: -told or None]
        assert (ANA, "api") in {(one.by, one.door) for one in new}, f"{operation} left no row"

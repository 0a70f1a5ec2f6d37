"""What is written to break a reader is refused within limits, and nothing of it is stored."""

import gzip
import json
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text

from tests.applications import application_on
from tests.asgi import ask
from tests.callers import make_key
from tests.factories import make_batch, make_campaign
from worker.runtime import Runtime

B = "/api/v1/outbound/batches"
C = "/api/v1/outbound/campaigns"
JSON = {"Content-Type": "application/json"}
TARGET = "+15125550177"


@pytest.fixture
def app(engine: Engine, database_url: str, build: Callable[[str], Runtime]) -> Iterator[FastAPI]:
    """The door, on a database with a batch B."""
    make_batch(engine, batch_id="B")
    yield application_on(build(database_url))
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM campaign")) == 1
        assert connection.scalar(text("SELECT count(*) FROM communication_batch")) == 1
        assert connection.scalar(text("SELECT count(*) FROM communication_request")) == 0
        assert connection.scalar(text("SELECT count(*) FROM upload")) == 0


@pytest.fixture
def key(engine: Engine) -> str:
    return make_key(engine)


def send(
    app: FastAPI, key: str, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(app, method, path, body, JSON | {"Syllable-API-Key": key} | named)


def request(**changes: object) -> bytes:
    fields = {"reference_id": "1", "target": TARGET, "request_variables": {}}
    return json.dumps(fields | changes).encode()


BATCH = b'{"batch_id": "N", "campaign_id": 1}'
BODIES: dict[str, tuple[str, bytes, int]] = {
    "a name twice": (B, b'{"batch_id": "N", "batch_id": "M", "campaign_id": 1}', 422),
    "100 levels": (B, b'{"batch_id": ' + b"[" * 100 + b"]" * 100 + b', "campaign_id": 1}', 422),
    "100,000 levels": (B, b"[" * 100_000, 422),
    "NUL": (f"{B}/B/requests", request(target=f"{TARGET}\x00"), 422),
    "NUL in a name": (f"{B}/B/requests", request(request_variables={"\x00": "1"}), 422),
    "half a character": (f"{B}/B/requests", request(request_variables={"a": "\ud800"}), 422),
    "half a character as a field": (B, b'{"\\ud800": 1}', 422),
    "a million digits": (B, b'{"batch_id": "N", "campaign_id": ' + b"9" * 1_000_000 + b"}", 422),
    "thirty digits": (B, b'{"batch_id": "N", "campaign_id": ' + b"9" * 30 + b"}", 422),
    "infinity": (B, b'{"batch_id": "N", "campaign_id": 1e999}', 422),
    "UTF-16": (B, BATCH.decode().encode("utf-16"), 422),
    "Latin-1": (f"{B}/B/requests", '{"target": "é"}'.encode("latin-1"), 422),
    "nothing": (B, b"", 422),
    "null": (B, b"null", 422),
    "a list": (B, b"[]", 422),
    "an unknown field": (B, b'{"batch_id": "N", "campaign_id": 1, "colour": "red"}', 422),
    "a text for a number": (B, b'{"batch_id": "N", "campaign_id": "1"}', 422),
    "a number for a truth": (B, b'{"batch_id": "N", "campaign_id": 1, "paused": 1}', 422),
    "dots for a name": (B, b'{"batch_id": "..", "campaign_id": 1}', 422),
    "too much": (B, b'{"batch_id": "N"' + b" " * 5_000_000 + b"}", 413),
    "a year that is none": (
        B,
        b'{"batch_id": "N", "campaign_id": 1, "expires_on": "9999-12-31T23:59:59-14:00"}',
        422,
    ),
    "a target for a list": (f"{B}/B/remove-requests", json.dumps(TARGET).encode(), 422),
    "form for JSON": (f"{B}/B/upload_batch", b"file=reference_id", 422),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_can_not_be_taken_is_refused(app: FastAPI, key: str, what: str) -> None:
    path, body, status = BODIES[what]

    answered, told = send(app, key, "POST", path, body)

    assert answered == status, told
    assert TARGET.encode() not in told
    detail = json.loads(told)["detail"]
    for fault in detail if status == 422 else ():
        assert set(fault) == {"loc", "msg", "type"}
        assert "pydantic" not in fault["msg"].lower()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_compressed_body_is_not_unpacked(app: FastAPI, key: str, encoding: str) -> None:
    bomb = gzip.compress(b" " * 50_000_000 + BATCH)

    status, told = send(app, key, "POST", B, bomb, content_encoding=encoding)

    assert (status, json.loads(told)["detail"][:15]) == (415, "send the body a")


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        (f"{B}/..", {422}),
        (f"{B}/.", {422}),
        (f"{B}/a/b", {404}),
        (f"{B}/../../metrics", {404}),
        (f"{B}/a b", {422}),
        (f"{B}/\x00", {422}),
        (f"{B}/" + "a" * 129, {422}),
        (f"{B}/é", {422}),
        (f"{B}/", {404, 422}),
        (f"{C}/" + "9" * 5_000, {422}),
        (f"{C}/9223372036854775808", {422}),
        (f"{C}/-1", {422}),
        (f"{C}/1.5", {422}),
    ],
)
def test_a_path_leads_nowhere_but_where_it_says(
    app: FastAPI, key: str, path: str, statuses: set[int]
) -> None:
    assert send(app, key, "GET", path)[0] in statuses


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=99999999999999999999",
        "limit=1001",
        "order_by=id%20desc",
        "search_fields=status",
        "search_fields=status&search_field_values=NONE",
        "search_fields=campaign_id&search_field_values=1%27",
        "search_fields=expires_on&search_field_values=0001-01-01T00:00:00%2B23:59",
        "search_fields=batch_id&search_field_values=%00",
        "start_datetime=yesterday",
        "start_datetime=%00",
        "order_by_direction=up",
    ],
)
def test_a_question_that_means_nothing_is_refused(app: FastAPI, key: str, query: str) -> None:
    headers = {"Syllable-API-Key": key}
    assert ask(app, "GET", B, headers=headers, query=query)[0] == 422


def test_a_key_of_one_campaign_finds_nothing_of_another(app: FastAPI, engine: Engine) -> None:
    """Every call that names a batch or a campaign, as the document has them."""
    stranger = make_key(engine, "stranger", campaign=str(make_campaign(engine)))
    forms = {"Content-Type": "application/x-www-form-urlencoded"}
    bodies: dict[str, tuple[bytes, dict[str, str]]] = {
        "PUT campaigns": (
            b'{"campaign_name": "x", "campaign_variables": {}, "caller_id": null}',
            {},
        ),
        "PUT batches": (b'{"paused": true}', {}),
        "DELETE batches": (b"delete_reason=x", forms),
        "POST requests": (request(), {}),
        "POST remove-requests": (b'["1"]', {}),
    }
    tried = 0
    for path, operations in app.openapi()["paths"].items():
        if not path.startswith("/api/v1/outbound") or "{" not in path:
            continue
        named = path.format(batch_id="B", campaign_id=1)
        for method in map(str.upper, operations):
            last = path.rpartition("/")[2]
            kind = f"{method} {path.split('/')[4] if '{' in last else last}"
            body, headers = bodies.get(kind, (b"", {}))
            if kind == "POST upload_batch":
                body, headers = FILE
            status, told = ask(
                app, method, named, body, JSON | {"Syllable-API-Key": stranger} | headers
            )
            assert status == 404, (kind, told)
            tried += 1
    assert tried == 10
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM access_key"))
        connection.execute(text("DELETE FROM campaign WHERE id <> 1"))


FILE = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na\r\n--b--\r\n',
    {"Content-Type": "multipart/form-data; boundary=b"},
)

"""What is written to break a reader, sent to every route of the document: refused, and nothing is stored."""

import asyncio
import gzip
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from tests.asgi import ask
from tests.callers import make_key
from tests.factories import make_attempt, make_batch, make_campaign, make_request
from tests.integration.doors.world import contents
from worker.api.bodies import LARGEST_BODY
from worker.domain.callers import Role

TARGET = "+15125550177"
NAMED = {
    "batch_id": "B",
    "campaign_id": "1",
    "campaign": "1",
    "attempt": "1",
    "suppression": "1",
    "letter": "1",
    "name": "crm",
    "kind": "jsonl",
}
JSON: dict[str, bytes] = {
    "NUL": b'{"reason": "\\u0000", "target": "%s"}' % TARGET.encode(),
    "a raw NUL": b'{"reason": "\x00"}',
    "a name twice": b'{"reason": "a", "reason": "b"}',
    "100 levels": b'{"reason": ' + b"[" * 100 + b"]" * 100 + b"}",
    "100,000 levels": b"[" * 100_000,
    "half a character": b'{"reason": "\\ud800"}',
    "half a character as a name": b'{"\\udfff": "a"}',
    "a million digits": b'{"reason": ' + b"9" * 1_000_000 + b"}",
    "infinity": b'{"reason": Infinity}',
    "UTF-16": '{"reason": "é"}'.encode("utf-16"),
    "Latin-1": '{"reason": "é"}'.encode("latin-1"),
    "a byte that is no UTF-8": b'{"reason": "\xff"}',
    "no end": b'{"reason": "a',
    "too much": b" " * (LARGEST_BODY + 1),
}
FILES: dict[str, bytes] = {
    "NUL": b"reference_id,target\r\n1,\x00\r\n",
    "UTF-16": "reference_id,target\r\n1,é\r\n".encode("utf-16"),
    "a gzip": gzip.compress(b"reference_id,target\r\n1,+15125550177\r\n"),
    "nothing": b"",
    "half a character": b"reference_id,target\r\n1,\xed\xa0\x80\r\n",
}
PATHS = {
    "..": "..",
    ".": ".",
    "a slash": "a/b",
    "an escaped slash": "a%2Fb",
    "a question mark": "a?b",
    "NUL": "\x00",
    "a half character": "\udcff",
    "a million digits": "9" * 100_000,
}
Operation = tuple[str, str, Mapping[str, Any]]


@pytest.fixture
def key(engine: Engine) -> str:
    batch = make_batch(engine, batch_id="B", campaign=make_campaign(engine))
    make_attempt(engine, request=make_request(engine, batch=batch))
    return make_key(engine, role=Role.ADMIN, per_second=100_000)


def operations(app: FastAPI, kind: str | None = None) -> Iterator[Operation]:
    for path, methods in app.openapi()["paths"].items():
        for method, told in methods.items():
            if kind is None or kind in told.get("requestBody", {}).get("content", {}):
                yield method.upper(), path, told


def send(
    app: FastAPI, key: str, method: str, path: str, body: bytes, **headers: str
) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(app, method, path, body, {"Syllable-API-Key": key, **named})


@pytest.mark.parametrize("what", JSON)
def test_no_route_takes_such_json(engine: Engine, api: FastAPI, key: str, what: str) -> None:
    before, tried = contents(engine), 0
    for method, path, _ in operations(api, "application/json"):
        asked = path.format_map(NAMED)
        status, told = send(api, key, method, asked, JSON[what], content_type="application/json")
        assert status in ({413} if what == "too much" else {404, 422}), (method, path, told)
        assert TARGET.encode() not in told
        tried += 1
    assert tried >= 20
    assert contents(engine) == before


@pytest.mark.parametrize("what", FILES)
def test_no_route_takes_such_a_file(engine: Engine, api: FastAPI, key: str, what: str) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f.csv"\r\n\r\n'
    form, tried = head + FILES[what] + b"\r\n--x--\r\n", 0
    for method, path, told in operations(api, "multipart/form-data"):
        asked, query = path.format_map(NAMED), "mode=voice" if "import" in path else ""
        headers = {"Syllable-API-Key": key, "Content-Type": "multipart/form-data; boundary=x"}
        status, said = ask(api, method, asked, form, headers, query)
        assert status < 500, (path, said)
        assert TARGET.encode() not in said
        assert str(status) in told["responses"]
        tried += 1
    assert tried >= 4


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_no_route_unpacks_a_body(engine: Engine, api: FastAPI, key: str, encoding: str) -> None:
    bomb, before = gzip.compress(b" " * 5_000_000 + b"{}"), contents(engine)
    for method, path, told in operations(api):
        if "requestBody" in told:
            asked = path.format_map(NAMED)
            status, _ = send(
                api, key, method, asked, bomb, content_type="application/json",
                content_encoding=encoding,
            )  # fmt: skip
            assert status == 415, (method, path)
    assert contents(engine) == before


@pytest.mark.parametrize("what", PATHS)
def test_a_name_in_a_path_leads_to_nothing_else(
    engine: Engine, api: FastAPI, key: str, what: str
) -> None:
    before, tried = contents(engine), 0
    named = dict.fromkeys(NAMED, PATHS[what])
    for method, path, told in operations(api):
        if "{" not in path:
            continue
        body = b"{}" if "application/json" in str(told.get("requestBody")) else b""
        scope = path.format_map(named)
        status, said = _send_raw(api, method, scope, body, key)
        assert 400 <= status < 500, (method, path, said)
        tried += 1
    assert tried >= 30
    assert contents(engine) == before


def _send_raw(app: FastAPI, method: str, path: str, body: bytes, key: str) -> tuple[int, bytes]:
    """As a server hands it on: what was escaped in the path is not any more."""
    headers = {"Syllable-API-Key": key, "Content-Type": "application/json"}
    plain = path.replace("%2F", "/").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return ask(app, method, plain, body, headers, "mode=voice&reference_id=1")


def test_a_body_that_never_ends_is_cut_off_at_the_limit(
    engine: Engine, api: FastAPI, key: str
) -> None:
    before = contents(engine)
    for method, path, told in operations(api):
        content = told.get("requestBody", {}).get("content", {})
        if not content:
            continue
        kind = next(iter(content))
        if kind == "multipart/form-data":
            continue  # each may have 256 MiB, and is held to it as to these
        status, read = asyncio.run(_pour(api, method, path.format_map(NAMED), kind, key))
        assert status in ({400, 413} if "form" in kind else {413}), (method, path)
        assert read <= LARGEST_BODY + 2 * CHUNK
    assert contents(engine) == before


CHUNK = 65_536


async def _pour(app: FastAPI, method: str, path: str, kind: str, key: str) -> tuple[int, int]:
    """Send a body without an end; the status, and how much of it was read."""
    sent: list[Any] = []
    read = 0

    async def receive() -> dict[str, object]:
        nonlocal read
        read += CHUNK
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b" " * CHUNK, "more_body": True}

    async def send_on(message: Any) -> None:
        sent.append(message)

    headers = [(b"syllable-api-key", key.encode()), (b"content-type", kind.encode())]
    about = {"method": method, "path": path, "raw_path": path.encode(), "headers": headers}
    scope = {"type": "http", "http_version": "1.1", "root_path": "", "query_string": b"", **about}
    await app(scope, receive, send_on)
    return int(sent[0]["status"]), read

"""A key in a header becomes a caller, and what it may not do is refused in a sentence."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from config.settings import load
from tests.asgi import ask
from tests.callers import make_key
from tests.doors import settings
from worker.api.callers import HEADER, Administering, Operating, Reading
from worker.desk.keys import list_keys, revoke_key
from worker.domain.callers import Role
from worker.runtime import Runtime


@pytest.fixture
def app(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FastAPI]:
    for name, value in settings(database_url, "redis://127.0.0.1:1/0", tmp_path).items():
        monkeypatch.setenv(name, value)
    made = FastAPI()
    made.state.runtime = Runtime(load())

    @made.get("/read")
    def read(caller: Reading) -> str:
        return caller.owner

    @made.get("/operate")
    def operate(caller: Operating) -> str:
        return caller.owner

    @made.get("/admin")
    def admin(caller: Administering) -> str:
        return caller.owner

    yield made
    made.state.runtime.close()


def asked(app: FastAPI, path: str, key: str | None) -> tuple[int, bytes]:
    return ask(app, "GET", path, headers={HEADER: key} if key is not None else {})


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (Role.READ, [200, 403, 403]),
        (Role.OPERATE, [200, 200, 403]),
        (Role.ADMIN, [200, 200, 200]),
    ],
)
def test_a_key_may_do_what_its_role_may(
    engine: Engine, app: FastAPI, role: Role, statuses: list[int]
) -> None:
    key = make_key(engine, role=role)

    assert [asked(app, path, key)[0] for path in ("/read", "/operate", "/admin")] == statuses
    assert asked(app, "/read", key)[1] == b'"ana@example.com"'
    assert list_keys(engine)[0].last_used_at is not None


@pytest.mark.parametrize("key", [None, "", "wrong"])
@pytest.mark.parametrize(
    "path", ["/api/v1/outbound/batches/B/upload_batch", "/api/v1/outreach/batches/B/upload"]
)
def test_without_a_key_nothing_of_a_file_is_read(api: FastAPI, path: str, key: str | None) -> None:
    sent: list[Any] = []
    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    if key is not None:
        headers.append((HEADER.lower().encode(), key.encode()))

    async def receive() -> dict[str, object]:
        raise AssertionError("the body is read")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "root_path": "",
        "query_string": b"",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "headers": headers,
    }
    asyncio.run(api(scope, receive, send))

    assert sent[0]["status"] == 401


@pytest.mark.parametrize("key", [None, "", "wrong", "outreach_" + "0" * 43])
def test_without_a_key_that_is_known_nothing_is_answered(app: FastAPI, key: str | None) -> None:
    for path in ("/read", "/operate", "/admin"):
        status, body = asked(app, path, key)
        assert status == 401
        assert b'{"detail":"' in body


def test_a_revoked_key_is_refused(engine: Engine, app: FastAPI) -> None:
    key = make_key(engine)
    revoke_key(engine, "crm", by="ana@example.com")

    assert asked(app, "/read", key)[0] == 401


def test_too_many_calls_are_told_when_to_come_again(engine: Engine, app: FastAPI) -> None:
    key = make_key(engine, per_second=1)

    assert [asked(app, "/read", key)[0] for _ in range(2)] == [200, 429]

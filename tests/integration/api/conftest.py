"""Applications of the private door, on the test's database or on none."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI

from config.settings import load
from tests.applications import application_on
from tests.asgi import ask
from tests.contract import hold_to_document
from tests.doors import settings
from worker.api.callers import HEADER
from worker.runtime import AuditDoor, Runtime

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], Runtime]]:
    """A runtime on a database, closed behind the test."""
    built: list[Runtime] = []

    def build(database_url: str) -> Runtime:
        for name, value in settings(database_url, "redis://127.0.0.1:1/0", tmp_path).items():
            monkeypatch.setenv(name, value)
        built.append(Runtime(load()))
        return built[-1]

    yield build
    for runtime in built:
        runtime.close()


@pytest.fixture
def api(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FastAPI]:
    """The API on the test's database, closed behind the test."""
    for name, value in settings(database_url, "redis://127.0.0.1:1/0", tmp_path).items():
        monkeypatch.setenv(name, value)
    runtime = Runtime(load(), AuditDoor.API)
    yield application_on(runtime)
    runtime.close()


@pytest.fixture
def call(api: FastAPI) -> Call:
    """Calls `/api/v1/outreach` with a key; the status, and the answer as JSON."""

    def call(
        key: str, method: str, path: str, body: Mapping[str, object] | None = None, query: str = ""
    ) -> tuple[int, Any]:
        raw = b"" if body is None else orjson.dumps(body)
        headers = {HEADER: key, "Content-Type": "application/json"}
        status, said = ask(api, method, f"/api/v1/outreach{path}", raw, headers, query)
        told = orjson.loads(said)
        if status == 200:
            hold_to_document(api, method, f"/api/v1/outreach{path}", told)
        return status, told

    return call


@pytest.fixture
def post_file(api: FastAPI) -> Call:
    """Posts a form with a file in it, as it goes over the wire with the boundary `x`."""

    def post(key: str, path: str, form: bytes, query: str = "") -> tuple[int, Any]:
        headers = {HEADER: key, "Content-Type": "multipart/form-data; boundary=x"}
        status, said = ask(api, "POST", f"/api/v1/outreach{path}", form, headers, query)
        told = orjson.loads(said)
        if status == 200:
            hold_to_document(api, "POST", f"/api/v1/outreach{path}", told)
        return status, told

    return post


@pytest.fixture(autouse=True)
def every_deed_is_written_down(audited: None) -> None:
    """Nothing is changed through this door without a row of the audit."""

"""The console on a database of its own, and people with every role before it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from config.settings import load
from tests.browserless import Browserless
from tests.doors import settings
from worker.api.app import create
from worker.desk.signing_in import make_link
from worker.domain.callers import Role
from worker.runtime import Runtime

People = Callable[[Role], Browserless]


@pytest.fixture
def runtime(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Runtime]:
    for name, value in settings(database_url, "redis://127.0.0.1:1/0", tmp_path).items():
        monkeypatch.setenv(name, value)
    made = Runtime(load())
    yield made
    made.close()


@pytest.fixture
def app(runtime: Runtime) -> ASGIApp:
    return create(runtime)


@pytest.fixture
def sign_in(runtime: Runtime, app: ASGIApp) -> People:
    def enter(role: Role) -> Browserless:
        browser = Browserless(app)
        link = make_link(runtime.engine, f"{role}@example.com", role)
        browser.post("/sign-in", {"link": link})
        return browser

    return enter

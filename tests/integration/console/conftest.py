"""The console on a database of its own, and people with every role before it."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.types import ASGIApp

from config.settings import load
from tests.applications import application_on
from tests.browserless import Browserless
from tests.doors import settings
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.signing_in import make_link
from worker.desk.uploads import upload_requests
from worker.domain.callers import Role
from worker.runtime import Runtime

BY = "ana@example.com"
TARGETS = ("+15125550142", "+15125550143", "+15125550144")
SECRET = "Zaphod-canary"
FILE = (
    "reference_id,target,name\n"
    + "".join(f"C-{n},{target},{SECRET}{n}\n" for n, target in enumerate(TARGETS))
    + "C-9,nobody,x\n"
).encode()

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
    return application_on(runtime)


@pytest.fixture
def sign_in(runtime: Runtime, app: ASGIApp) -> People:
    def enter(role: Role) -> Browserless:
        browser = Browserless(app)
        link = make_link(runtime.engine, f"{role}@example.com", role)
        browser.post("/sign-in", {"link": link})
        return browser

    return enter


@pytest.fixture
def batch(engine: Engine, runtime: Runtime) -> str:
    fields = {
        "campaign_name": "reminder",
        "mode": "voice",
        "source": "+15125550100",
        "twiml": "<Response><Say>Hello {{ name }}</Say></Response>",
        "hourly_rate": 1200,
    }
    campaign = create_campaign(engine, fields, by=BY)
    create_batch(engine, {"batch_id": "20271121.1", "campaign_id": campaign.id}, by=BY)
    upload_requests(
        runtime.patient_engine, "20271121.1", file=BytesIO(FILE), filename="people.csv", by=BY
    )
    return "20271121.1"


@pytest.fixture(autouse=True)
def every_deed_is_written_down(audited: None) -> None:
    """Nothing is changed through this door without a row of the audit."""

"""The whole HTTP process on a store of the test's own."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import Engine
from starlette.applications import Starlette
from twilio.request_validator import RequestValidator

from config.settings import load
from tests.applications import application_on
from tests.asgi import ask
from worker.runtime import Runtime
from worker.sandbox.keys import load_private_key, new_webhook_keys
from worker.web.app import PublicDoor, create

BASE = "https://outreach.example.com"
SETTINGS = {
    "BROKER_URL": "redis://127.0.0.1:9/0",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a-token",
    "SENDGRID_API_KEY": "SG.key",
    "PUBLIC_URL": BASE,
    "FLOWER_BASIC_AUTH": "ana:a-very-secret-password",
}


@dataclass(frozen=True)
class Site:
    """The public door with the private one beside it, and how the providers speak to it."""

    door: PublicDoor
    api: Starlette
    webhook_key: str
    mark_key: bytes

    def tell(self, path: str, **form: str) -> int:
        """Post a form as Twilio signs it; the status of the answer."""
        signature = RequestValidator("a-token").compute_signature(f"{BASE}{path}", form)
        headers = {"X-Twilio-Signature": signature}
        address, _, query = path.partition("?")
        return ask(self.door.app, "POST", address, urlencode(form).encode(), headers, query)[0]

    def report(self, *events: dict[str, Any]) -> int:
        """Post mail events as SendGrid signs them; the status of the answer."""
        return self.report_raw(json.dumps(events).encode())

    def report_raw(self, body: bytes) -> int:
        """The same of a body as it stands."""
        timestamp = str(int(time.time()))
        key = load_private_key(self.webhook_key)
        signature = b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))).decode()
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": signature,
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }
        return ask(self.door.app, "POST", "/callbacks/email", body, headers)[0]

    def metrics(self) -> str:
        """What an alert would see."""
        asyncio.run(self.door.tallies.bring())
        return ask(self.api, "GET", "/metrics")[1].decode()


@pytest.fixture
def site(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    monkeypatch.chdir(tmp_path)
    private, public = new_webhook_keys()
    url = engine.url.render_as_string(hide_password=False)
    own = {"DATABASE_URL": url, "STATE_DIR": str(tmp_path), "SENDGRID_WEBHOOK_KEY": public}
    for name, value in {**SETTINGS, **own}.items():
        monkeypatch.setenv(name, value)
    runtime = Runtime(load())
    yield Site(create(runtime), application_on(runtime), private, runtime.mark_keys[0])
    runtime.engine.dispose()

"""Large deliveries of mail events are taken, but not at the cost of single ones."""

import asyncio
from base64 import b64encode
from json import dumps
from pathlib import Path
from threading import Event
from time import time
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.requests import Request

from config.settings import Settings, load
from tests.doors import settings as of_a_process
from worker.runtime import Runtime
from worker.sandbox.keys import load_private_key, new_webhook_keys
from worker.web.bodies import LARGE, Pace
from worker.web.callbacks import LARGE_AT_ONCE, Callbacks
from worker.web.group_commit import GroupCommit

TOKEN = uuid4()
MANY = LARGE // 100


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    nowhere = ("postgresql://nobody@127.0.0.1:1/x", "redis://127.0.0.1:1/0")
    for name, value in of_a_process(*nowhere, tmp_path).items():
        monkeypatch.setenv(name, value)
    return load()


class Office:
    """The handlers of mail events, on an office that takes nothing until it may."""

    def __init__(self, settings: Settings) -> None:
        private, self.public = new_webhook_keys()
        self.key = load_private_key(private)
        self.may_go_on = Event()
        settings = settings.model_copy(update={"sendgrid_webhook_key": self.public})
        box = GroupCommit(lambda _: self.may_go_on.wait(10))
        self.callbacks = Callbacks(Runtime(settings), box, lambda _: None, lambda *_: None)

    async def post(self, events: int) -> int:
        """The status of the answer to a delivery of so many."""
        body = dumps([self._event(number) for number in range(events)]).encode()
        stamp = str(int(time()))
        signed = self.key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))
        headers = {
            "x-twilio-email-event-webhook-signature": b64encode(signed).decode(),
            "x-twilio-email-event-webhook-timestamp": stamp,
        }
        scope = {
            "type": "http",
            "path": "/callbacks/email",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        return (await self.callbacks.email(Request(scope, receive))).status_code

    @staticmethod
    def _event(number: int) -> dict[str, object]:
        return {"event": "open", "outreach_token": str(TOKEN), "sg_event_id": f"{number:0100}"}


def test_one_large_delivery_too_many_comes_again_and_small_ones_are_taken(
    settings: Settings,
) -> None:
    office = Office(settings)

    async def story() -> None:
        taken = [asyncio.create_task(office.post(MANY)) for _ in range(LARGE_AT_ONCE)]
        while office.callbacks.large.available_tokens:  # noqa: ASYNC110  it is the handlers' to take
            await asyncio.sleep(0)
        assert await office.post(MANY) == 503
        small = asyncio.create_task(office.post(1))
        office.may_go_on.set()
        assert await small == 204
        assert await asyncio.gather(*taken) == [204] * LARGE_AT_ONCE
        assert await office.post(MANY) == 204

    asyncio.run(asyncio.wait_for(story(), 60))

    assert office.callbacks.refusals == {"too_many": 1}


def test_large_bodies_share_one_speed() -> None:
    pace = Pace(per_second=10_000)

    async def story() -> float:
        before = asyncio.get_running_loop().time()
        await asyncio.gather(*(pace.wait(400) for _ in range(5)))
        return asyncio.get_running_loop().time() - before

    assert asyncio.run(asyncio.wait_for(story(), 10)) >= 0.2

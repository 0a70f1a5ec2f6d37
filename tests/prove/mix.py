"""A mix of requests to the API, as a client of the public API makes them, each sent when its time has come.

It reads batches, lists, adds people, pauses and resumes, and takes people back. Nothing waits for an answer
before: a server that falls behind is asked on.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import aiohttp

from tests.factories import ANA, ANY_TIME
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.store.connect import Engine

PER_SECOND = 300
STORED = 5_000
CAMPAIGN = {
    "campaign_name": "mixed",
    "mode": "email",
    "source": "mixed@example.com",
    "subject": "Hello",
    "text": "Hello",
    **ANY_TIME,
}
BATCH = "/api/v1/outbound/batches/M"
REQUEST = "/api/v1/outreach/batches/M/request"
Asked = tuple[str, str, object]


def _person(n: int) -> dict[str, object]:
    address = f"new{n}@example.com"
    return {"reference_id": f"new-{n}", "target": address, "request_variables": {}}


def mix_at(campaign: int) -> tuple[Callable[[int], Asked], ...]:
    """The mix, in turn, of a batch of this campaign."""
    return (
        lambda _: ("GET", BATCH, None),
        lambda n: ("GET", f"{BATCH}/results?reference_id={n % STORED}", None),
        lambda n: ("POST", f"{BATCH}/requests", _person(n)),
        lambda n: ("GET", f"{REQUEST}?reference_id={n % STORED}", None),
        lambda _: ("GET", "/api/v1/outbound/batches?limit=25", None),
        lambda n: ("POST", f"{BATCH}/requests", _person(n)),
        lambda _: ("GET", BATCH, None),
        lambda n: ("PUT", BATCH, {"paused": n % 20 < 10}),
        lambda _: ("GET", f"/api/v1/outbound/campaigns/{campaign}", None),
        lambda n: ("POST", f"{BATCH}/remove-requests", [f"new-{n - 4}"]),
    )


def prepare(engine: Engine) -> int:
    """A batch with people, which waits; its campaign."""
    campaign = create_campaign(engine, CAMPAIGN, by=ANA)
    create_batch(engine, {"batch_id": "M", "campaign_id": campaign.id, "paused": True}, by=ANA)
    rows = "".join(f"{n},m{n}@example.com\n" for n in range(STORED))
    file = BytesIO(f"reference_id,target\n{rows}".encode())
    upload_requests(engine, "M", file=file, filename="m.csv", by=ANA)
    return campaign.id


@dataclass(slots=True)
class Client:
    """Whoever asks one server, and how it was answered: `took` are seconds from when each was due."""

    port: int
    key: str
    campaign: int
    sent: int = 0
    took: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    async def ask(self, n: int) -> None:
        """Ask so many more, at the pace."""
        headers = {"Syllable-API-Key": self.key}
        numbers = range(self.sent, self.sent + n)
        self.sent += n
        mix = mix_at(self.campaign)
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{self.port}", headers=headers
        ) as session:

            async def send(number: int, due: float) -> None:
                method, path, body = mix[number % len(mix)](number)
                async with session.request(method, path, json=body) as answer:
                    await answer.read()
                    self.statuses[answer.status] += 1
                self.took.append(time.monotonic() - due)

            await _at_pace(send, numbers)

    def forget(self) -> None:
        """What came so far has only warmed it."""
        self.took.clear()
        self.statuses.clear()

    def within(self, share: float) -> float:
        """Milliseconds in which this share was answered."""
        return 1000 * sorted(self.took)[int((len(self.took) - 1) * share)]


async def _at_pace(send: Callable[[int, float], Coroutine[Any, Any, None]], numbers: range) -> None:
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for place, number in enumerate(numbers):
            due = began + place / PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(send(number, due))

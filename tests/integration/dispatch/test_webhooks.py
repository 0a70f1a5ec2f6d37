"""The outbox is written with the change it tells, and every event reaches its receiver at least once."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.factories import make_batch, make_campaign, make_request
from worker.desk import dead_letters
from worker.desk.requests import show_request
from worker.dispatch.webhooks import TryResult, WebhookLimits, WebhookSender
from worker.domain.contract.webhooks import Backoff, signature
from worker.domain.statuses import Channel
from worker.providers.webhook_client import WebhookReply
from worker.store import webhooks
from worker.store.connect import connect, in_transaction
from worker.store.webhooks import Tried

KEY = b"k" * 32
GOOD, AWAY = "https://good.example/hook?key=s3", "https://away.example/"
MOVE = """
    UPDATE communication_request SET request_status = :status, channel_manager_status = :channel,
        moved_by = 'operator' WHERE id = :id
"""
ANA = "ana@example.com"


@dataclass
class Receiver:
    """Takes what comes to GOOD; what comes to AWAY hangs until it is released, or fails."""

    hang: bool = False
    fail: Callable[[str], bool] = lambda url: url == AWAY
    came: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> TryResult:
        self.came.append((url, body, headers))
        if Counter(url for url, _, _ in self.came)[GOOD] == 40:
            self.enough.set()
        if self.hang and url == AWAY:
            await self.release.wait()
        return WebhookReply(False, "503") if self.fail(url) else WebhookReply(True, "204")


def _hooks(engine: Engine, *hooks: dict[str, Any], requests: int = 1) -> list[int]:
    campaign = make_campaign(engine, channel=Channel.SMS, webhooks=list(hooks))
    batch = make_batch(engine, campaign=campaign, channel=Channel.SMS, batch_id="B")
    return [make_request(engine, batch=batch, reference_id=str(n)) for n in range(requests)]


def _move(engine: Engine, request: int, status: str) -> None:
    with engine.begin() as connection:
        values = {"id": request, "status": status, "channel": status}
        connection.execute(text("DELETE FROM queue WHERE request = :id"), values)
        connection.execute(text(MOVE), values)


def _rows(engine: Engine) -> list[Any]:
    with engine.begin() as connection:
        return list(connection.execute(text("SELECT * FROM webhook_delivery ORDER BY id")))


def _teller(engine: Engine, receiver: Receiver, *, tries: int = 23) -> WebhookSender:
    backoff = Backoff(first=timedelta(hours=1), tries=tries)
    return WebhookSender(
        engine, receiver, [KEY], WebhookLimits(timedelta(seconds=20), 0.05, backoff)
    )


def _tell(engine: Engine, receiver: Receiver, *, tries: int = 23) -> None:
    async def once() -> None:
        teller = _teller(engine, receiver, tries=tries)
        await teller.round()
        await teller.finish()

    asyncio.run(once())


def test_an_event_is_written_with_the_change_and_with_it_alone(engine: Engine) -> None:
    (request,) = _hooks(engine, {"url": GOOD})
    with engine.connect() as connection:
        connection.execute(text("DELETE FROM queue"))
        values = {"id": request, "status": "SKIPPED", "channel": "UNSUBSCRIBED"}
        connection.execute(text(MOVE), values)
        assert connection.scalar(text("SELECT count(*) FROM webhook_delivery")) == 1
        connection.rollback()
    assert _rows(engine) == []

    _move(engine, request, "CANCELED")

    (row,) = _rows(engine)
    body = json.loads(row.body)
    assert body.pop("occurred_at").endswith("Z")
    assert body.pop("sequence") > 0
    assert body.pop("campaign_id") > 0
    assert body == {
        "id": str(row.event),
        "type": "communication_request.status",
        "batch_id": "B",
        "reference_id": "0",
        "request_status": "CANCELED",
        "channel_manager_status": "CANCELED",
        "error_code": None,
        "call_manager_sid": None,
        "attempt_count": 0,
        "session_id": None,
        "conversation_id": None,
    }


CHOSEN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "every final one unless said": ({"url": GOOD}, ["CANCELED"]),
    "those that are named": ({"url": GOOD, "statuses": ["PENDING"]}, ["PENDING"]),
    "none of those not named": ({"url": GOOD, "statuses": ["FAILED"]}, []),
    "nothing where a stored webhook says nothing": ({"colour": "red"}, []),
}


@pytest.mark.parametrize(("hook", "told"), CHOSEN.values(), ids=CHOSEN)
def test_a_receiver_is_told_of(engine: Engine, hook: dict[str, Any], told: list[str]) -> None:
    (request,) = _hooks(engine, hook)
    _move(engine, request, "CANCELED")

    assert [json.loads(row.body)["request_status"] for row in _rows(engine)] == told


def test_a_campaign_without_webhooks_tells_nobody_beside_one_with(engine: Engine) -> None:
    _hooks(engine, {"url": GOOD})
    other = make_request(engine)
    _move(engine, other, "CANCELED")

    assert _rows(engine) == []


def test_an_event_is_posted_signed_and_then_never_again(engine: Engine) -> None:
    (request,) = _hooks(engine, {"url": GOOD})
    _move(engine, request, "CANCELED")
    receiver = Receiver()

    _tell(engine, receiver)
    _tell(engine, receiver)

    ((url, body, headers),) = receiver.came
    event, stamp = headers["webhook-id"], int(headers["webhook-timestamp"])
    assert url == GOOD
    assert json.loads(body)["id"] == event
    assert headers["webhook-signature"] == signature([KEY], event, stamp, body)
    (row,) = _rows(engine)
    assert (row.last_answer, row.tries, row.next_try_at) == ("204", 1, None)
    assert row.delivered_at is not None


def test_two_processes_never_claim_the_same_event_and_a_lease_ends(engine: Engine) -> None:
    for request in _hooks(engine, {"url": GOOD}, requests=6):
        _move(engine, request, "CANCELED")

    def claim(of_each: int, lease: timedelta) -> list[int]:
        return in_transaction(
            engine,
            lambda c: [
                one.id
                for one in webhooks.claim(c, busy=[], of_each=of_each, limit=100, lease=lease)
            ],
        )

    with engine.begin() as first:
        held = webhooks.claim(first, busy=[], of_each=4, limit=100, lease=timedelta(hours=1))
        others = claim(10, timedelta(0))
        assert len(held) == 4
        assert len(others) == 2
        assert not set(others) & {one.id for one in held}
    assert claim(10, timedelta(0)) == others  # their lease is over, the first one's is not


def test_a_failure_that_comes_late_does_not_move_a_newer_try(engine: Engine) -> None:
    (request,) = _hooks(engine, {"url": GOOD})
    _move(engine, request, "CANCELED")

    def claim() -> webhooks.WebhookDelivery:
        options = {"busy": [], "of_each": 1, "limit": 1, "lease": timedelta(0)}
        return in_transaction(engine, lambda c: webhooks.claim(c, **options)[0])  # type: ignore[arg-type]

    def settle(told: Tried) -> None:
        in_transaction(engine, webhooks.record_tries, [told])

    old, new = claim(), claim()
    assert old.event == new.event
    settle(Tried(old, False, "500", timedelta(hours=1)))
    assert _rows(engine)[0].last_answer is None
    settle(Tried(old, True, "204", None))
    settle(Tried(new, False, "500", timedelta(hours=1)))
    assert _rows(engine)[0].delivered_at is not None


def test_what_is_never_taken_becomes_a_dead_letter_that_can_be_replayed(engine: Engine) -> None:
    (request,) = _hooks(engine, {"url": AWAY})
    _move(engine, request, "CANCELED")
    _tell(engine, Receiver(), tries=1)

    (letter,) = dead_letters.list_dead_letters(engine)
    assert letter.kind == "webhook"
    assert letter.reason == "the receiver did not take it in 1 tries; the last answer: 503"
    moment = show_request(engine, "B", "0").moments[-1]
    assert moment.what == "webhook CANCELED given up"
    assert moment.why == "away.example, tries: 1, answer: 503"

    with pytest.raises(dead_letters.Unalterable):
        dead_letters.replay(engine, letter.id, name=None, payload="{}", by=ANA)
    assert dead_letters.replay(engine, letter.id, name=None, payload=None, by=ANA).fresh
    assert _rows(engine)[0].tries == 0
    receiver = Receiver(fail=lambda _: False)
    _tell(engine, receiver)

    assert receiver.came[0][2]["webhook-id"] == letter.message_id
    assert show_request(engine, "B", "0").moments[-1].what == "webhook CANCELED delivered"
    assert dead_letters.list_dead_letters(engine) == []


def test_what_is_being_told_is_claimed_by_nobody_else(engine: Engine) -> None:
    for request in _hooks(engine, {"url": AWAY}, requests=3):
        _move(engine, request, "CANCELED")

    async def tell() -> tuple[int, int]:
        receiver = Receiver(hang=True)
        first, second = _teller(engine, receiver), _teller(engine, receiver)
        begun = await first.round(), await second.round()
        receiver.release.set()
        await first.finish()
        await second.finish()
        return begun

    assert asyncio.run(tell()) == (3, 0)


def test_a_store_that_is_away_for_a_round_ends_nobody(engine: Engine) -> None:
    for request in _hooks(engine, {"url": GOOD}):
        _move(engine, request, "CANCELED")
    away = connect("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    teller = _teller(away, Receiver())

    async def tell() -> tuple[int, int]:
        missed = await teller.round()
        teller.engine = engine
        begun = await teller.round()
        await teller.finish()
        return missed, begun

    assert asyncio.run(tell()) == (0, 1)


def test_a_receiver_that_hangs_holds_up_no_other(engine: Engine) -> None:
    hooks = [{"url": AWAY}, {"url": GOOD}]
    for request in _hooks(engine, *hooks, requests=40):
        _move(engine, request, "CANCELED")

    async def tell() -> Receiver:
        receiver, stop = Receiver(hang=True), asyncio.Event()
        running = asyncio.create_task(_teller(engine, receiver).run(stop))
        async with asyncio.timeout(15):
            await receiver.enough.wait()
        stop.set()
        receiver.release.set()
        await running
        return receiver

    came = Counter(url for url, _, _ in asyncio.run(tell()).came)
    assert came[AWAY] <= 16
    assert sum(row.delivered_at is not None for row in _rows(engine)) == 40

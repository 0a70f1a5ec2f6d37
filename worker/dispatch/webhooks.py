"""Tell receivers: claim what is due, post, write down what became of it; again until it is taken."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import random
from typing import Protocol

import structlog

from worker.domain.contract.webhooks import Backoff, signature
from worker.heartbeat import HEART
from worker.store import webhooks
from worker.store.connect import LONGEST_WAIT, Engine, in_one_statement
from worker.store.webhooks import Tried, WebhookDelivery
from worker.tracing import TRACES

log = structlog.get_logger()

KIND = "webhooks"
LINGER = 0.02  # seconds in which answers gather for one transaction
LEASES = 3  # a claim stands for as many timeouts: longer than any try and its writing down


class TryResult(Protocol):
    """A receiver's answer."""

    @property
    def delivered(self) -> bool:
        """Return whether it took the event."""

    @property
    def answer(self) -> str:
        """Its status code, or why there is none."""


class Post(Protocol):
    """A function that brings an event to a receiver."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> TryResult:
        """Post once; never raises for what the receiver does."""


@dataclass(frozen=True, slots=True)
class WebhookLimits:
    """Durations and sizes. An address has at most twice `of_each` tries under way."""

    timeout: timedelta
    tick: float
    backoff: Backoff
    of_each: int = 8
    at_once: int = 200


@dataclass
class WebhookSender:
    """One process's part of the outbox."""

    engine: Engine
    receivers: Post
    secrets: Sequence[bytes]
    limits: WebhookLimits
    _under_way: dict[asyncio.Task[Tried], str] = field(default_factory=dict)
    _told: list[Tried] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until `stop` is set; what is under way then is finished and written down."""
        stopped = asyncio.create_task(stop.wait())
        HEART.turn(KIND)
        while not stop.is_set():
            HEART.beat(LONGEST_WAIT)
            began = await self.round()
            if not began:
                await asyncio.wait(
                    {stopped, *self._under_way},
                    timeout=self.limits.tick,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            await asyncio.sleep(LINGER)
        await self.finish()

    async def round(self) -> int:
        """Write down what has answered, begin what is due. Returns how many began."""
        self._gather()
        try:
            await self._write_down()
            claimed = await asyncio.to_thread(self._claim)
        except Exception as error:  # noqa: BLE001  one bad round must not be the last
            log.warning("webhooks_wait", error=type(error).__name__)
            return 0
        for delivery in claimed:
            self._under_way[asyncio.create_task(self._tell(delivery))] = delivery.url
        HEART.turn(KIND)
        return len(claimed)

    async def finish(self) -> None:
        """Wait for all that is under way, and write it down."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._gather()
        try:
            await self._write_down()
        except Exception:  # noqa: BLE001  they are tried again by whoever claims them next
            log.warning("webhooks_not_written_down", tries=len(self._told))

    def _gather(self) -> None:
        for task in [task for task in self._under_way if task.done()]:
            del self._under_way[task]
            if error := task.exception():
                # Its claim runs out, and it is tried again.
                log.error("telling_failed", error=type(error).__name__)
            else:
                self._told.append(task.result())

    async def _write_down(self) -> None:
        told = list(self._told)
        if told:
            await asyncio.to_thread(self._note, told)
            del self._told[: len(told)]

    def _note(self, told: list[Tried]) -> None:
        buried = in_one_statement(self.engine, webhooks.record_tries, told)
        delivered = sum(one.delivered for one in told)
        log.info("webhooks_told", delivered=delivered, failed=len(told) - delivered)
        if buried:
            log.error("webhooks_given_up", dead_letters=buried)

    def _claim(self) -> list[WebhookDelivery]:
        room = self.limits.at_once - len(self._under_way)
        if room <= 0:
            return []
        under_way = Counter(self._under_way.values())
        return in_one_statement(
            self.engine,
            webhooks.claim,
            busy=[url for url, n in under_way.items() if n >= self.limits.of_each],
            of_each=self.limits.of_each,
            limit=room,
            lease=LEASES * self.limits.timeout,
            traced=TRACES.on,
        )

    async def _tell(self, delivery: WebhookDelivery) -> Tried:
        body, event = delivery.body.encode(), str(delivery.event)
        headers = {
            "content-type": "application/json",
            "user-agent": "Outreach",
            "webhook-id": event,
            "webhook-timestamp": str(delivery.timestamp),
            "webhook-signature": signature(self.secrets, event, delivery.timestamp, body),
        }
        with TRACES.span("webhook", [delivery.traceparent], tries=delivery.tries):
            reply = await self.receivers.post(delivery.url, body, headers)
        pause = self.limits.backoff.pause(delivery.tries, random())  # noqa: S311  spreads, hides nothing
        return Tried(delivery, reply.delivered, reply.answer, pause)

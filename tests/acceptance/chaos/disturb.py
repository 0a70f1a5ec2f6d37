"""Doing what the plan says, and watching the one promise that can only be watched: pause."""

import io
import json
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from threading import Lock, Thread
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID

from kombu import Connection as Broker
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError

from config.queues import DELIVERY_TASKS
from tests.acceptance.chaos.create import BY
from tests.acceptance.chaos.judge import ask
from tests.acceptance.chaos.judge_people import Stop
from tests.acceptance.chaos.people import CLOSED_BATCH, BatchPlan, person_of
from tests.acceptance.chaos.plan import Act, Kind
from tests.acceptance.chaos.town import Town
from worker.desk.batches import delete_batch, pause_batch, resume_batch
from worker.desk.uploads import upload_requests
from worker.dispatch.drain import drain
from worker.local.postgres import EmbeddedPostgres
from worker.local.valkey import EmbeddedValkey
from worker.runtime import Runtime, StoreUnavailable

# Longer than the lease of the fast profile.
FROZEN_SECONDS = 9.0
WATCHED_SECONDS = 1.5

# How long a kill waits for a worker that has begun and not recorded, how many attempts make a burst, and
# how long others take to record theirs: the sandbox thinks for 0.4 s.
AIM_SECONDS = 8.0
AIMED_AT = 6
STILL_SECONDS = 0.8

ON_PROCESSES = {Kind.KILL, Kind.KILL_SENDING, Kind.TERM, Kind.FREEZE}

_SENDING = text("SELECT token FROM attempt WHERE state = 'SENDING' AND channel = :channel")

_LEASED = text("""
    SELECT q.batch, q.lease_token, array_agg(q.request), c.mode
    FROM queue AS q JOIN communication_batch AS b ON b.id = q.batch
    JOIN campaign AS c ON c.id = b.campaign_id
    WHERE q.lease_token IS NOT NULL GROUP BY 1, 2, 4
""")


@dataclass(slots=True)
class Disturber:
    """Everything a plan can act on."""

    runtime: Runtime
    town: Town
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    sandbox_url: str
    batches: Sequence[BatchPlan]
    random: Random
    slices: int
    fired: Counter[str] = field(default_factory=Counter)
    posts_after_pause: int = 0
    drains: list[float] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    shot_at: list[set[UUID]] = field(default_factory=list)
    """The attempts its worker had begun and not recorded, for each aimed kill."""
    _remembered: list[tuple[int, Any, list[int], str]] = field(default_factory=list)
    _threads: list[Thread] = field(default_factory=list)
    _turns: defaultdict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))

    def act(self, act: Act) -> None:
        """Do one thing of the plan; what takes a while is done beside."""
        self._deed(act)()
        name = act.whom.partition(".")[0] if act.kind in ON_PROCESSES else ""
        self.fired[f"{act.kind} {name}".strip()] += 1

    def _deed(self, act: Act) -> Callable[[], None]:
        deeds: dict[Kind, Callable[[], None]] = {
            Kind.KILL: lambda: self.town.signal(act.whom, signal.SIGKILL),
            Kind.KILL_SENDING: lambda: self._kill_sending(act.whom),
            Kind.TERM: lambda: self.town.signal(act.whom, signal.SIGTERM),
            Kind.FREEZE: lambda: self.town.freeze(act.whom, FROZEN_SECONDS),
            Kind.EMPTY_BROKER: self.valkey.flush,
            Kind.RESTART_BROKER: self._restart_broker,
            Kind.RESTART_POSTGRES: lambda: self._restart_postgres("fast"),
            Kind.CRASH_POSTGRES: lambda: self._restart_postgres("immediate"),
            Kind.REPEAT: self._repeat,
            Kind.CLICK: self._click,
            Kind.STOP: self._stop,
            Kind.LOAD: lambda: self._beside(self._load, int(act.whom)),
            Kind.PAUSE: lambda: self._beside(self._pause, self.random.choice(self.batches)),
        }
        return deeds[act.kind]

    def _kill_sending(self, name: str) -> None:
        """SIGKILL a worker that holds attempts which began and are not recorded."""
        channel = name.partition(".")[0]
        deadline = time.monotonic() + AIM_SECONDS
        held: set[UUID] = set()
        while not held and time.monotonic() < deadline:
            self._await_burst(channel, deadline)
            self.town.signal(name, signal.SIGSTOP)
            held = self._not_recorded(channel)
            if not held:
                self.town.signal(name, signal.SIGCONT)
        self.town.signal(name, signal.SIGKILL)
        self.shot_at.append(held)

    def _await_burst(self, channel: str, deadline: float) -> None:
        """Until a burst of attempts is under way in a channel, or time is over."""
        while len(self._read(_SENDING, channel=channel)) < AIMED_AT and time.monotonic() < deadline:
            time.sleep(0.02)

    def _not_recorded(self, channel: str) -> set[UUID]:
        """Attempts that stay unrecorded while a worker stands still: its own, for others go on."""
        before = self._read(_SENDING, channel=channel)
        time.sleep(STILL_SECONDS)
        return before & self._read(_SENDING, channel=channel)

    def _read(self, statement: TextClause, **values: str) -> set[UUID]:
        try:
            with self.runtime.engine.connect() as connection:
                return set(connection.scalars(statement, values))
        except (DBAPIError, StoreUnavailable):
            return set()

    def _click(self) -> None:
        """Somebody who got a mail clicks on "unsubscribe" until the page says that it was heard."""
        mails = [one for one in ask(self.sandbox_url, "contents") if one["kind"] == "mail"]
        if mails:
            self._beside(self._click_until_heard, self.random.choice(mails))

    def _stop(self) -> None:
        """Somebody who got a text answers STOP, until the webhook says that it was heard."""
        texts = [one for one in ask(self.sandbox_url, "ledger") if one["kind"] == "message"]
        if texts:
            self._beside(self._stop_until_heard, self.random.choice(texts))

    def _stop_until_heard(self, message: dict[str, Any]) -> None:
        url = f"{self.runtime.settings.public_url}/callbacks/sms/inbound"
        said = {"url": url, "from": message["to"], "to": message["source"], "body": "STOP"}
        told = Request(  # noqa: S310  loopback
            f"{self.sandbox_url}/sandbox/inbound",
            json.dumps(said).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(told, timeout=20) as answer:  # noqa: S310  loopback
            if json.load(answer)["status"] != 200:
                raise OSError("not heard yet")

    def _click_until_heard(self, mail: dict[str, Any]) -> None:
        link = mail["content"]["personalization"]["headers"]["List-Unsubscribe"]
        address = next(part for part in link.split(",") if "http" in part).strip(" <>")
        one_click = Request(address, b"List-Unsubscribe=One-Click")  # noqa: S310  loopback
        with urlopen(one_click, timeout=10) as answer:  # noqa: S310  loopback
            assert answer.status == 200
        self.stops.append(Stop("email", person_of(mail["to"]), time.time()))

    def _restart_broker(self) -> None:
        self.valkey.kill()
        self.valkey.start()

    def _restart_postgres(self, how: str) -> None:
        self.postgres.stop(how)
        self.postgres.start()

    def finish(self) -> None:
        """Wait for what was begun beside."""
        for thread in self._threads:
            thread.join(120)

    def close_closed_batch(self) -> None:
        """Delete the batch half of whose people are asleep; it would stay open for hours."""
        _until_done(partial(delete_batch, self.runtime.engine, CLOSED_BATCH, reason="over", by=BY))

    def _beside(self, work: Any, *arguments: Any) -> None:
        thread = Thread(target=_until_done, args=(work, *arguments))
        thread.start()
        self._threads.append(thread)

    def _load(self, number: int) -> None:
        """Upload one slice of every batch; again and again until the database takes it."""
        for batch in self.batches:
            if number >= len(batch.people):
                continue  # a small batch is loaded by the first slices
            file = io.BytesIO(batch.csv_slice(number, self.slices))
            upload_requests(
                self.runtime.patient_engine,
                batch.batch_id,
                file=file,
                filename=f"slice-{number}.csv",
                by=BY,
            )

    def _pause(self, batch: BatchPlan) -> None:
        """Pause, wait, and count what the provider still receives of the batch."""
        with self._turns[batch.batch_id]:  # one pause's end must not be another's leak
            self._pause_and_watch(batch)

    def _pause_and_watch(self, batch: BatchPlan) -> None:
        here = self.runtime
        pause_batch(here.engine, batch.batch_id, by=BY)
        drained = drain(here.engine, here.provider_loop, here.timeouts, batch.batch_id)
        since = time.time()
        time.sleep(WATCHED_SECONDS)  # the absence of something can only be waited for
        self.posts_after_pause += self._posts(since, batch.source)
        self.drains.append(drained.seconds)
        resume_batch(here.engine, batch.batch_id, by=BY)

    def _posts(self, since: float, source: str) -> int:
        quoted = source.replace("+", "%2B")
        return int(ask(self.sandbox_url, f"posts?since={since}&from={quoted}")["posts"])

    def _repeat(self) -> None:
        """Publish messages that are or were under way once more, in another order."""
        try:
            with self.runtime.engine.connect() as connection:
                self._remembered += [tuple(row) for row in connection.execute(_LEASED)]
            chosen = self.random.sample(self._remembered, min(20, len(self._remembered)))
            with Broker(self.runtime.settings.broker_url) as broker:
                prefix = self.runtime.settings.names.prefix
                broker.transport_options = {"global_keyprefix": prefix, "socket_timeout": 5}
                for batch, lease, requests, channel in chosen:
                    _publish(broker, channel, batch, str(lease), requests)
                    self.fired["message repeated"] += 1
        except (DBAPIError, StoreUnavailable, OperationalError, RedisError, OSError):
            self.fired["repeat failed"] += 1


def _publish(broker: Broker, channel: str, batch: int, lease: str, requests: list[int]) -> None:
    from tasks.app import app  # noqa: PLC0415  needs the environment of the run

    app.send_task(
        DELIVERY_TASKS[channel].value,
        kwargs={"batch": batch, "lease": lease, "requests": requests},
        connection=broker,
    )


def _until_done(work: Any, *arguments: Any) -> None:
    for _ in range(100):
        try:
            work(*arguments)
        except (StoreUnavailable, DBAPIError, OSError):
            time.sleep(0.3)
        else:
            return

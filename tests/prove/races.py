"""One opt-out, by any way, raced against what begins contacts or moves rows: none begins after it.

The judge asks the attempts when they began, and the database's clock once whoever said stop was answered.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, text

from tests.factories import (
    ANA,
    SECOND,
    database_time,
    lease,
    make_attempt,
    make_batch,
    make_recipient,
    make_request,
    make_timeouts,
    read,
    token_of,
)
from worker.desk.messages import take
from worker.desk.opt_outs import hear_stop, unsubscribe_by_link
from worker.desk.retries import retry_requests
from worker.desk.suppression_lifts import explain_suppressed, lift_suppression
from worker.desk.suppressions import import_suppressed, suppress_recipient
from worker.dispatch.apply_reports import apply_reports
from worker.domain.consent.suppression import Source
from worker.domain.contract.messages import parse_payload
from worker.domain.statuses import AttemptState, Channel, RequestStatus, SuppressReason
from worker.providers.email import read_events
from worker.store import archives, attempts, schema
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

JITTER = 0.003
"""Seconds: about as long as a begin takes."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was contacted once, in a batch that is over, and is about to be again."""

    channel: Channel
    address: str
    recipient: int
    token: UUID
    over: str
    failed: tuple[str, int]
    waiting: tuple[Chunk, ...]


Step = Callable[[Engine, Person], object]


@dataclass(slots=True)
class Tally:
    """What became of the races, by the way of the opt-out and what ran beside it."""

    races: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    """Contacts that began before the opt-out was stored."""
    after: Counter[str] = field(default_factory=Counter)
    """And those that should never have begun."""


def _event(engine: Engine, person: Person, name: str, **fields: str) -> None:
    told = {"email": person.address.upper(), "event": name, "sg_event_id": str(uuid4()), **fields}
    apply_reports(engine, make_timeouts(), read_events(json.dumps([told]).encode()))


def _with_token(name: str) -> Step:
    return lambda engine, person: _event(engine, person, name, outreach_token=str(person.token))


def _message(engine: Engine, person: Person) -> None:
    told = {"mode": person.channel.value, "target": person.address, "reason": "unsubscribed"}
    message = parse_payload("outreach.suppress", told)
    in_transaction(engine, take, "outreach.suppress", str(uuid4()), message)


def _operator(engine: Engine, person: Person) -> None:
    reason = SuppressReason.UNSUBSCRIBED
    suppress_recipient(engine, person.channel, person.address, reason=reason, by=ANA)


ANYHOW: dict[str, Step] = {"message": _message, "operator": _operator}
WAYS: dict[Channel, dict[str, Step]] = {
    Channel.EMAIL: {
        "one click": lambda engine, person: unsubscribe_by_link(engine, person.token),
        "spam report": _with_token("spamreport"),
        "unsubscribe": _with_token("unsubscribe"),
        "group unsubscribe": _with_token("group_unsubscribe"),
        "without our token": lambda engine, person: _event(engine, person, "spamreport"),
        **ANYHOW,
    },
    Channel.SMS: {
        "STOP": lambda engine, person: hear_stop(engine, person.address, str(uuid4())),
        **ANYHOW,
    },
}


def _archive(engine: Engine, person: Person) -> None:
    in_transaction(engine, archives.drop_some, person.over, 100)


def _retry(engine: Engine, person: Person) -> None:
    batch, request = person.failed
    retry_requests(engine, batch, None, by=ANA, including_doubt=True)
    _begin(engine, person, lease(engine, request))


def _lift(engine: Engine, person: Person) -> None:
    """Of what an import wrote before, never of what comes meanwhile."""
    for row in explain_suppressed(engine, person.channel, person.address):
        if row.source == Source.IMPORT:
            lift_suppression(engine, row.id, by=ANA)


def _import(engine: Engine, person: Person) -> None:
    """The same file once more, as another batch."""
    batch = make_batch(engine, channel=person.channel)
    request = make_request(engine, batch=batch, recipient=person.recipient)
    _begin(engine, person, lease(engine, request))


BESIDE: dict[str, Step] = {
    "begin": lambda *_: None,
    "archive": _archive,
    "retry": _retry,
    "lift": _lift,
    "import": _import,
}


def race(
    engine: Engine, random: Random, beside: str, channel: Channel, stop: Step
) -> Counter[bool]:
    """One race. How many contacts began before the opt-out was stored (False) and after (True)."""
    person = _somebody(engine, channel, suppressed=beside == "lift")

    def say_stop() -> datetime:
        _hesitate(random)
        stop(engine, person)
        return database_time(engine)

    def begin_all() -> None:
        for chunk in person.waiting[:-1]:
            _hesitate(random)
            _begin(engine, person, chunk)

    with ThreadPoolExecutor(max_workers=3) as runners:
        stored = runners.submit(say_stop)
        begun = runners.submit(begin_all)
        moved = runners.submit(BESIDE[beside], engine, person)
        begun.result()
        moved.result()
        stored_at = stored.result()
    _begin(engine, person, person.waiting[-1])
    with engine.begin() as connection:
        late = connection.execute(_BEGAN, {"recipient": person.recipient, "at": stored_at})
        return Counter(late.scalars())


_BEGAN = text("""
    SELECT a.began_at > :at FROM attempt AS a JOIN communication_batch AS b ON b.id = a.batch
    WHERE a.recipient = :recipient AND NOT b.batch_id LIKE 'before-%'
        OR a.recipient = :recipient AND a.attempt_number > 1
""")
_OVER = text("""
    UPDATE communication_batch SET archived_at = clock_timestamp() WHERE batch_id = :batch
""")
_ENDED = text("""
    UPDATE attempt SET state = 'DONE', check_at = NULL, closed_at = clock_timestamp(), sid = token::text
    WHERE recipient = :recipient AND state = 'SENDING'
""")


def _somebody(engine: Engine, channel: Channel, *, suppressed: bool) -> Person:
    name = uuid4().hex
    recipient = make_recipient(engine, channel=channel)
    address = str(read(engine, schema.recipient, recipient)["identity"])
    over = make_batch(engine, channel=channel, batch_id=f"before-over-{name}")
    was = make_request(engine, batch=over, recipient=recipient)
    attempt = make_attempt(engine, request=was, state=AttemptState.DONE)
    failed = make_batch(engine, channel=channel, batch_id=f"before-failed-{name}")
    missed = make_request(engine, batch=failed, recipient=recipient)
    make_attempt(engine, request=missed, state=AttemptState.DONE, status=RequestStatus.FAILED)
    if suppressed:
        reason = SuppressReason.BOUNCED
        import_suppressed(engine, channel, [(1, address)], reason=reason, by=ANA)
    with engine.begin() as connection:
        connection.execute(_OVER, {"batch": f"before-over-{name}"})
    waiting = [
        make_request(engine, batch=make_batch(engine, channel=channel), recipient=recipient)
        for _ in range(3)
    ]
    return Person(
        channel=channel,
        address=address,
        recipient=recipient,
        token=token_of(engine, attempt),
        over=f"before-over-{name}",
        failed=(f"before-failed-{name}", missed),
        waiting=tuple(lease(engine, one) for one in waiting),
    )


def _begin(engine: Engine, person: Person, chunk: Chunk) -> None:
    """Begin, and be done at once: the next contact is not held up by this one."""

    def step(connection: Connection) -> None:
        attempts.begin(
            connection, chunk, chunk.requests, send_window=5 * SECOND, answer_time=10 * SECOND
        )

    in_transaction(engine, step)
    in_transaction(engine, lambda c: c.execute(_ENDED, {"recipient": person.recipient}))


def _hesitate(random: Random) -> None:
    time.sleep(random.random() * JITTER)


def run(engine: Engine, n: int, random: Random) -> Tally:
    """That many races, of every pair of a way and what runs beside it in turn."""
    tally = Tally()
    pairs = [
        (beside, way, channel, stop)
        for channel, ways in WAYS.items()
        for way, stop in ways.items()
        for beside in BESIDE
    ]
    random.shuffle(pairs)
    for number in range(n):
        beside, way, channel, stop = pairs[number % len(pairs)]
        found = race(engine, random, beside, channel, stop)
        key = f"{way} beside {beside}"
        tally.races[key] += 1
        tally.before[key] += found[False]
        tally.after[key] += found[True]
    return tally

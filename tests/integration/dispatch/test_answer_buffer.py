"""Answers in a worker's hands: kept while the store takes nothing, proof when it has forgotten."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any, cast

import psycopg
import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from tests.factories import (
    lease,
    make_batch,
    make_limits,
    make_request,
    queue_row,
    read_attempt,
    read_request,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from tests.sessions import eventually
from worker.desk.dead_letters import list_dead_letters
from worker.dispatch.answer_buffer import AnswerBuffer
from worker.dispatch.deliver import Delivered, deliver
from worker.dispatch.halt import halts_in_force, resume
from worker.domain.content.tickets import Ticket
from worker.domain.evidence.answers import Accepted, Answer, NotSent, Refusal, Refused, Unknown
from worker.domain.schedule.hand_backs import HandBack
from worker.domain.statuses import Channel
from worker.limits import OpenGate
from worker.store import archives
from worker.store.connect import StoreUnavailable
from worker.store.database_identity import DatabaseChanged

LIMITS = make_limits()
NO_MORE_WRITES = "SET default_transaction_read_only = on"
WRITES_AGAIN = "RESET default_transaction_read_only"


def turn(engine: Engine, how: str) -> None:
    """Change the database for every session, those that stand too."""
    server = engine.url.set(drivername="postgresql", database="postgres")
    with psycopg.connect(server.render_as_string(), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {engine.url.database} {how}".encode())
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            [engine.url.database],
        )


@contextmanager
def aside(
    work: Callable[[], Delivered], let_go: Callable[[], None]
) -> Iterator[Callable[[], Delivered]]:
    """Work on a thread; the test asks for its result. `let_go` ends its waiting where that fails."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(work)
        try:
            yield lambda: future.result(20)
        finally:
            let_go()


@pytest.fixture
def answer_buffer() -> AnswerBuffer:
    return AnswerBuffer(pause=0.02)


def test_an_answer_waits_until_the_database_takes_it(
    engine: Engine, connect: Connect, answer_buffer: AnswerBuffer
) -> None:
    request, another = make_request(engine), make_request(engine)
    provider = FakeProvider(Channel.VOICE, meanwhile=lambda _: turn(engine, NO_MORE_WRITES))
    chunk, waiting = lease(engine, request), lease(engine, another)
    provider_loop = connect(provider)
    with aside(
        lambda: deliver(engine, provider_loop, LIMITS, chunk, OpenGate(), answer_buffer),
        let_go=lambda: turn(engine, WRITES_AGAIN),
    ) as delivered:
        eventually(lambda: answer_buffer.keeps)
        # A worker that keeps any takes up nothing new.
        done = deliver(engine, provider_loop, LIMITS, waiting, OpenGate(), answer_buffer)
        assert done.handed_back[HandBack.STORE_UNAVAILABLE] == 0
        turn(engine, WRITES_AGAIN)
        assert delivered().answers == {"Accepted": 1}

    attempt = read_attempt(engine, read_request(engine, request)["attempt"])
    assert (attempt["state"], attempt["sid"]) == ("ACCEPTED", f"sid-of-{attempt['id']}")
    assert (answer_buffer.keeps, answer_buffer.doubted, len(provider.tickets)) == (False, 0, 1)
    row = queue_row(engine, another)
    assert row is not None
    assert row["claims"] == 0


def test_nothing_new_is_taken_up_even_where_the_database_would_take_it(
    engine: Engine, connect: Connect, answer_buffer: AnswerBuffer
) -> None:
    """Part of it may be out of reach only: a table that is locked, a full tablespace."""
    first, second = make_request(engine), make_request(engine)
    chunks = lease(engine, first), lease(engine, second)
    provider, taken = FakeProvider(Channel.VOICE), Event()
    provider_loop = connect(provider)

    def hold() -> Delivered:
        answer_buffer.until_taken(engine, write)
        return Delivered()

    def write(_: Engine) -> None:
        if not taken.is_set():
            raise StoreUnavailable("locked")

    with aside(hold, let_go=taken.set) as held:
        eventually(lambda: answer_buffer.keeps)
        done = deliver(engine, provider_loop, LIMITS, chunks[0], OpenGate(), answer_buffer)
        assert done.handed_back == {"store_unavailable": 1}
        taken.set()
        held()
    assert provider.tickets == []

    deliver(engine, provider_loop, LIMITS, chunks[1], OpenGate(), answer_buffer)

    assert [ticket.request for ticket in provider.tickets] == [second]


def test_whoever_is_asked_to_stop_says_how_many_answers_go_into_doubt(
    engine: Engine, connect: Connect
) -> None:
    answer_buffer = AnswerBuffer(drain=0.1, pause=0.02)
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(3)]
    chunk = lease(engine, *requests)

    def last_moment(_: Ticket) -> None:
        turn(engine, NO_MORE_WRITES)
        answer_buffer.stop()

    provider_loop = connect(FakeProvider(Channel.VOICE, meanwhile=last_moment))
    deliver(engine, provider_loop, LIMITS, chunk, OpenGate(), answer_buffer)
    turn(engine, WRITES_AGAIN)

    assert answer_buffer.doubted == 3
    attempts = [read_request(engine, request)["attempt"] for request in requests]
    assert {read_attempt(engine, attempt)["state"] for attempt in attempts} == {"SENDING"}


def test_what_the_first_database_will_never_take_its_successor_does(engine: Engine) -> None:
    asked: list[str] = []

    def accepted() -> Engine:
        asked.append("successor")
        if len(asked) < 3:
            raise StoreUnavailable("nobody has accepted it")
        return engine

    def write(here: Engine | None) -> None:
        if here is None:
            raise DatabaseChanged
        assert here is engine

    answer_buffer = AnswerBuffer(drain=30.0, pause=0.01, successor=accepted)
    answer_buffer.stop()  # also whoever is to end gives it the time there is
    answer_buffer.until_taken(cast("Engine", None), write, answers=1)

    assert (len(asked), answer_buffer.keeps, answer_buffer.doubted) == (3, False, 0)


def forget(engine: Engine) -> Callable[[Ticket], None]:
    """The database went back to before the attempt."""

    def restore(ticket: Ticket) -> None:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM attempt WHERE id = :id"), {"id": ticket.attempt})

    return restore


def give_number_out_again(engine: Engine) -> Callable[[Ticket], None]:
    """And has given the attempt's number to somebody else since."""

    def restore(ticket: Ticket) -> None:
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE attempt SET token = gen_random_uuid() WHERE id = :id"),
                {"id": ticket.attempt},
            )

    return restore


ANSWERS: list[Answer] = [
    Accepted("CA1"),
    Unknown("read_timeout"),
    NotSent("refused"),
    Refused(Refusal.INVALID_TARGET, "21211"),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
@pytest.mark.parametrize("how", [forget, give_number_out_again])
def test_an_answer_to_an_unknown_attempt_halts_everything(
    engine: Engine,
    connect: Connect,
    how: Callable[[Engine], Callable[[Ticket], None]],
    answer: Answer,
) -> None:
    request, another = make_request(engine), make_request(engine)
    provider = FakeProvider(Channel.VOICE, answers=[answer], meanwhile=how(engine))
    provider_loop = connect(provider)

    deliver(engine, provider_loop, LIMITS, lease(engine, request))

    [halted] = halts_in_force(engine)
    assert (halted.scope, halted.halted_by) == ("all", "outreach")
    [letter] = list_dead_letters(engine)
    told: dict[str, Any] = json.loads(letter.payload)
    assert (letter.kind, told["request"], told["answer"]) == (
        "answer",
        request,
        type(answer).__name__,
    )
    assert told["sid"] == ("CA1" if isinstance(answer, Accepted) else None)
    assert "+1512" not in letter.payload + letter.reason

    # Nobody is called until an operator has looked.
    provider._meanwhile = None
    done = deliver(engine, provider_loop, LIMITS, lease(engine, another))
    assert done.handed_back == {"halted": 1}
    resume(engine, "all", "")
    deliver(engine, provider_loop, LIMITS, lease(engine, another))
    assert [ticket.request for ticket in provider.tickets] == [request, another]


def test_the_attempts_of_an_archived_batch_prove_nothing(engine: Engine, connect: Connect) -> None:
    batch = make_batch(engine)
    request = make_request(engine, batch=batch)

    def archive(ticket: Ticket) -> None:
        with engine.begin() as connection:
            connection.execute(text("UPDATE communication_batch SET archived_at = now()"))
            name = connection.scalar(text("SELECT batch_id FROM communication_batch"))
            archives.drop_some(connection, name, 10)

    provider = FakeProvider(Channel.VOICE, meanwhile=archive)

    deliver(engine, connect(provider), LIMITS, lease(engine, request))

    assert (list(halts_in_force(engine)), list(list_dead_letters(engine))) == ([], [])


def test_an_answer_that_cannot_be_recorded_costs_the_others_nothing(
    engine: Engine, connect: Connect
) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(3)]
    answers = [Accepted("CA1"), Accepted("CA\x00"), Accepted("CA3")]
    provider = FakeProvider(Channel.VOICE, answers=answers)

    with capture_logs() as logs:
        deliver(engine, connect(provider), LIMITS, lease(engine, *requests))

    states = [
        read_attempt(engine, read_request(engine, ticket.request)["attempt"])["state"]
        for ticket in provider.tickets
    ]
    assert states == ["ACCEPTED", "SENDING", "ACCEPTED"]
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [
        "answer_unrecordable"
    ]

"""What is counted for ever: each move of an attempt once, whoever finds out and however often it is told."""

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, event, text

from tests.factories import make_attempt, make_timeouts, token_of
from worker.desk.exposition import registry
from worker.desk.metrics import read_snapshot
from worker.dispatch.provider_loop import Answered
from worker.dispatch.record import record
from worker.domain.content.tickets import Text, Ticket
from worker.domain.evidence.answers import Accepted, Answer, NotSent, Refusal, Refused, Unknown
from worker.domain.statuses import Channel

PATIENCE = make_timeouts()
ANSWERS: dict[str, Answer] = {
    "accepted": Accepted("CA1"),
    "refused": Refused(Refusal.CONTENT, "21617"),
    "not_sent": NotSent("connect_timeout"),
    "unknown": Unknown("read_timeout"),
}


def answered(engine: Engine, attempt: int, answer: Answer) -> Answered:
    token = token_of(engine, attempt)
    return Answered(
        Ticket(attempt, 0, token, "+15125550001", "+15125550100", Text("Hello")), answer
    )


def answer_comes(engine: Engine, attempt: int, answer: Answer) -> None:
    record(engine, PATIENCE, 7, Channel.VOICE, [answered(engine, attempt, answer)])


def shown(engine: Engine) -> CollectorRegistry:
    return registry(read_snapshot(engine))


def count(engine: Engine, name: str, **labels: str) -> float:
    value = shown(engine).get_sample_value(f"outreach_{name}_total", labels)
    assert value is not None
    return value


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_counted_once_however_often_it_is_recorded(
    engine: Engine, answer: str
) -> None:
    attempt = make_attempt(engine)

    for _ in range(2):
        answer_comes(engine, attempt, ANSWERS[answer])

    counted = {one: count(engine, "answers", channel="voice", answer=one) for one in ANSWERS}
    assert counted == {one: float(one == answer) for one in ANSWERS}


def test_a_contact_that_is_found_out_later_is_one_contact_and_a_doubt_less(engine: Engine) -> None:
    attempt = make_attempt(engine)

    answer_comes(engine, attempt, Unknown("read_timeout"))
    assert count(engine, "contacts", channel="voice", answer="found") == 0
    answer_comes(engine, attempt, Accepted("CA1"))

    assert count(engine, "contacts", channel="voice", answer="found") == 1
    assert count(engine, "contacts", channel="voice", answer="accepted") == 0
    assert count(engine, "doubts_resolved", channel="voice", how="found") == 1


def test_moves_are_counted_with_who_moved_and_outlive_what_moved(engine: Engine) -> None:
    attempt = make_attempt(engine)
    before = count(engine, "moves", status="INVALID", cause="dispatch")
    answer_comes(engine, attempt, Refused(Refusal.CONTENT, "21617"))
    failed = count(engine, "moves", status="FAILED", cause="dispatch") + count(
        engine, "moves", status="INVALID", cause="dispatch"
    )
    assert failed == before + 1

    with engine.begin() as connection:
        connection.execute(text("TRUNCATE status_transition, request_count"))

    assert failed == count(engine, "moves", status="FAILED", cause="dispatch") + count(
        engine, "moves", status="INVALID", cause="dispatch"
    )


def test_every_series_is_there_from_the_start(engine: Engine) -> None:
    for channel in Channel:
        for answer in ("accepted", "found"):
            assert count(engine, "contacts", channel=channel, answer=answer) == 0


def test_counting_asks_nothing_more_of_the_database(engine: Engine) -> None:
    answers = [answered(engine, make_attempt(engine), Accepted(sid)) for sid in ("CA1", "CA2")]
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    record(engine, PATIENCE, 7, Channel.VOICE, answers)

    # The requests are locked, then the attempts; then all that changes is written: nothing beside.
    assert [one.split()[0] for one in asked] == ["SELECT", "SELECT", "WITH"]


def test_no_series_names_a_person_a_batch_or_a_token(engine: Engine) -> None:
    attempt = make_attempt(engine)
    answer_comes(engine, attempt, Accepted("CA1"))

    with engine.connect() as connection:
        names = connection.scalars(text("SELECT name FROM tally_slot")).all()

    words = {word for name in names for word in name.split(":")}
    assert words
    assert not any(digits in word for word in words for digits in "0123456789")

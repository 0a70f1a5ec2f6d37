"""Another attempt for what FAILED: never, unasked, for whom an earlier one may have reached."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text, update

from tests.factories import (
    ANA,
    make_attempt,
    make_batch,
    make_request,
    queue_row,
    read_request,
    transitions,
)
from tests.sessions import Beside
from worker.desk.dead_letters import list_dead_letters, replay
from worker.desk.messages import Taken, accept
from worker.desk.retries import Retried, retry_in, retry_requests
from worker.domain.statuses import AttemptState, Channel, RequestStatus
from worker.store import schema

Attempts = list[dict[str, Any]]
S = AttemptState
FAILED = RequestStatus.FAILED


def heard(name: str, rank: int = 100, *, state: AttemptState = S.DONE, **values: Any) -> Any:
    """An attempt whose latest word is this one."""
    return {"state": state, "fold_rank": rank, "fold_sequence": 0, "fold_name": name, **values}


DOUBTFUL: dict[str, tuple[Channel, Attempts]] = {
    "a doubt that policy closed": (Channel.SMS, [{"state": S.UNRESOLVED}]),
    "a mail's doubt": (Channel.EMAIL, [{"state": S.UNRESOLVED}]),
    "silence after dialing": (Channel.VOICE, [heard("ringing", 30)]),
    "silence after answering": (Channel.VOICE, [heard("in-progress", 40)]),
    "silence from the first": (Channel.VOICE, [{"state": S.DONE}]),
    "a text that stayed queued": (Channel.SMS, [heard("queued", 10)]),
    "a mail that was deferred to the end": (Channel.EMAIL, [heard("deferred", 20)]),
    "a doubt before what was never sent": (
        Channel.SMS,
        [{"state": S.UNRESOLVED}, {"state": S.NOT_SENT}],
    ),
    "a doubt after a miss": (Channel.VOICE, [heard("busy"), {"state": S.UNRESOLVED}]),
    "delivered after it was taken back": (Channel.SMS, [heard("delivered")]),
    "an older one that reached after all": (
        Channel.SMS,
        [heard("delivered", late=True), heard("undelivered", 90)],
    ),
    "an older one that is still heard of": (
        Channel.VOICE,
        [heard("ringing", 30, state=S.ACCEPTED, late=True), heard("busy")],
    ),
}
MISSED: dict[str, tuple[Channel, Attempts]] = {
    "nobody was tried": (Channel.SMS, []),
    "never sent": (Channel.SMS, [{"state": S.NOT_SENT}]),
    "refused": (Channel.SMS, [{"state": S.REFUSED}]),
    "busy": (Channel.VOICE, [heard("busy")]),
    "nobody answered": (Channel.VOICE, [heard("no-answer")]),
    "a machine": (Channel.VOICE, [heard("machine_start", 110)]),
    "undelivered": (Channel.SMS, [heard("undelivered", 90)]),
    "bounced": (Channel.EMAIL, [heard("bounce", 90)]),
    "bounced after a doubt that was sent again": (
        Channel.EMAIL,
        [{"state": S.UNRESOLVED}, heard("bounce", 90)],
    ),
    "an older one that missed too, late": (
        Channel.VOICE,
        [heard("busy", late=True), heard("no-answer")],
    ),
}


def failed(engine: Engine, channel: Channel, attempts: Attempts) -> int:
    """A request 1 of a batch B that FAILED after these attempts."""
    batch = make_batch(engine, batch_id="B", channel=channel)
    request = make_request(engine, batch=batch, reference_id="1", status=FAILED)
    for attempt in attempts:
        make_attempt(engine, request=request, status=FAILED, **attempt)
    return request


@pytest.mark.parametrize(("channel", "attempts"), DOUBTFUL.values(), ids=DOUBTFUL)
@pytest.mark.parametrize("named", [None, ["1"]], ids=["all", "named"])
def test_whom_an_attempt_may_have_reached_is_passed_over(
    engine: Engine, channel: Channel, attempts: Attempts, named: list[str] | None
) -> None:
    request = failed(engine, channel, attempts)

    done = retry_requests(engine, "B", named, by=ANA)

    assert (done.queued, done.passed_over) == (0, 1)
    assert [reference for reference, _ in done.named] == ["1"]
    assert read_request(engine, request)["request_status"] == "FAILED"
    assert queue_row(engine, request) is None


@pytest.mark.parametrize(("channel", "attempts"), MISSED.values(), ids=MISSED)
def test_whom_every_attempt_missed_is_queued_again(
    engine: Engine, channel: Channel, attempts: Attempts
) -> None:
    request = failed(engine, channel, attempts)

    assert retry_requests(engine, "B", None, by=ANA) == Retried(1, 0)

    assert read_request(engine, request)["request_status"] == "PENDING"
    assert queue_row(engine, request) is not None


def test_the_attempt_to_decide_about_is_named(engine: Engine) -> None:
    request = failed(engine, Channel.SMS, [])
    doubted = make_attempt(engine, request=request, state=S.UNRESOLVED)
    make_attempt(engine, request=request, state=S.NOT_SENT, status=FAILED)

    assert retry_requests(engine, "B", None, by=ANA).named == (("1", doubted),)


@pytest.mark.parametrize("named", [None, ["1", "2"]], ids=["all", "named"])
def test_a_doubt_is_tried_again_by_name_and_that_is_remembered(
    engine: Engine, named: list[str] | None
) -> None:
    doubted = failed(engine, Channel.SMS, [{"state": S.UNRESOLVED}])
    batch = read_request(engine, doubted)["batch"]
    missed = make_request(engine, batch=batch, reference_id="2", status=FAILED)

    done = retry_requests(engine, "B", named, by=ANA, including_doubt=True)

    assert done == Retried(2, 0)
    assert why(engine, doubted) == f"retry in spite of doubt asked for by {ANA}"
    assert why(engine, missed) == f"retry asked for by {ANA}"


def why(engine: Engine, request: int) -> str:
    with engine.begin() as connection:
        detail = connection.scalar(
            text(
                "SELECT detail FROM status_transition WHERE request = :r ORDER BY id DESC LIMIT 1"
            ),
            {"r": request},
        )
    assert transitions(engine, request)[-1][1:] == ("PENDING", "operator")
    return str(detail)


def test_a_message_passes_doubts_over_too(engine: Engine) -> None:
    request = failed(engine, Channel.SMS, [{"state": S.UNRESOLVED}])

    accept(engine, "outreach.retry_requests", "1", {"batch_id": "B", "failed": True})
    assert read_request(engine, request)["request_status"] == "FAILED"

    by_name = {"batch_id": "B", "reference_ids": ["1"], "including_doubt": True}
    accept(engine, "outreach.retry_requests", "2", by_name)
    assert why(engine, request) == "retry in spite of doubt asked for by message"


def test_a_dead_letter_that_is_replayed_passes_doubts_over_too(engine: Engine) -> None:
    accept(engine, "outreach.retry_requests", "1", {"batch_id": "B", "failed": True})
    [letter] = list_dead_letters(engine)
    request = failed(engine, Channel.SMS, [{"state": S.UNRESOLVED}])

    assert replay(engine, letter.id, name=None, payload=None, by=ANA) == Taken(fresh=True)

    assert read_request(engine, request)["request_status"] == "FAILED"


def test_what_a_report_tells_while_the_retry_waits_is_heard(engine: Engine) -> None:
    """The request was taken back, so that the report moves nothing but its attempt."""
    batch = make_batch(engine, batch_id="B", channel=Channel.SMS)
    request = make_request(engine, batch=batch, reference_id="1", status=FAILED)
    attempt = make_attempt(engine, request=request, status=FAILED, **heard("undelivered", 90))

    def step(connection: Connection) -> Retried:
        return retry_in(connection, "B", reference_ids=None, by=ANA, including_doubt=False)

    with engine.connect() as settling:
        settling.execute(
            text("SELECT FROM communication_request WHERE id = :r FOR NO KEY UPDATE"),
            {"r": request},
        )
        with Beside(engine, step) as retrying:
            retrying.wait_until_blocked()
            settling.execute(
                update(schema.attempt)
                .where(schema.attempt.c.id == attempt)
                .values(fold_rank=100, fold_name="delivered")
            )
            settling.commit()

    assert retrying.result().passed_over == 1
    assert read_request(engine, request)["request_status"] == "FAILED"

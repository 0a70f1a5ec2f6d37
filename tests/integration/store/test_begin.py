"""Begin is the only gate to a provider: what passes, what is handed back, and who wins a race."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, Select, Table, Update, func, select, text, update

from tests.factories import (
    SECOND,
    counted_equals_recount,
    lease,
    make_attempt,
    make_batch,
    make_recipient,
    make_request,
    queue_row,
    read,
    read_attempt,
    read_request,
    transitions,
)
from tests.sessions import Beside, eventually
from worker.domain.schedule.hand_backs import HandBack
from worker.domain.statuses import AttemptState, Channel, RequestStatus
from worker.store import attempts, halts, queue, schema
from worker.store.attempts import Begun
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

SEND_WINDOW = 5 * SECOND
ANSWER_TIME = 70 * SECOND

Outcome = tuple[list[Begun], dict[int, HandBack]]


def begin(connection: Connection, chunk: Chunk, requests: Sequence[int] | None = None) -> Outcome:
    chosen = chunk.requests if requests is None else requests
    return attempts.begin(
        connection, chunk, chosen, send_window=SEND_WINDOW, answer_time=ANSWER_TIME
    )


def begin_now(engine: Engine, chunk: Chunk) -> Outcome:
    return in_transaction(engine, begin, chunk)


def nothing_began(engine: Engine) -> bool:
    with engine.begin() as connection:
        return connection.scalar(select(func.count()).select_from(schema.attempt)) == 0


def test_a_claimed_request_begins(engine: Engine) -> None:
    request = make_request(engine)

    begun, handed_back = begin_now(engine, lease(engine, request))

    assert handed_back == {}
    row = read_attempt(engine, begun[0].attempt)
    assert (row["request"], row["state"], row["counted"]) == (request, "SENDING", True)
    assert row["token"] == begun[0].token
    after = read_request(engine, request)
    assert (after["request_status"], after["attempt"], after["attempt_count"]) == (
        "INITIATED",
        begun[0].attempt,
        1,
    )
    assert queue_row(engine, request) is None
    assert transitions(engine, request)[-1] == ("PENDING", "INITIATED", "dispatch")
    assert counted_equals_recount(engine)


def test_nothing_is_read_for_each_attempt_under_way(engine: Engine) -> None:
    """By the plans of a new deployment's first batch, whose tables were empty when they were counted."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE attempt, recipient, communication_request, queue"))
    batch = make_batch(engine)
    chunks = [
        lease(engine, *(make_request(engine, batch=batch) for _ in range(20))) for _ in range(8)
    ]

    with engine.begin() as connection:
        for chunk in chunks:
            assert len(begin(connection, chunk)[0]) == 20
        read_of_attempts = connection.execute(
            text("""
                SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables
                WHERE relname = 'attempt'
            """)
        ).scalar_one()
        assert read_of_attempts <= 8 * 20


def test_an_attempt_has_a_deadline_from_its_first_moment(engine: Engine) -> None:
    begun, _ = begin_now(engine, lease(engine, make_request(engine)))

    row = read_attempt(engine, begun[0].attempt)
    assert row["send_by"] - row["began_at"] == SEND_WINDOW
    assert row["check_at"] - row["began_at"] == ANSWER_TIME
    assert 0 < begun[0].send_within <= SEND_WINDOW.total_seconds()


def test_the_next_attempt_of_a_request_has_the_next_number(engine: Engine) -> None:
    request = make_request(engine)
    for _ in range(2):
        make_attempt(engine, request=request, state=AttemptState.NOT_SENT)

    begun, _ = begin_now(engine, lease(engine, request))

    assert read_attempt(engine, begun[0].attempt)["attempt_number"] == 3


def test_a_request_that_begins_again_points_to_its_latest_attempt_and_shows_no_former_error(
    engine: Engine,
) -> None:
    request = make_request(engine)
    make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    failed = {"error_code": "20429", "error_message": "too many requests"}
    with engine.begin() as connection:
        connection.execute(
            update(schema.request).where(schema.request.c.id == request).values(failed)
        )

    begun, _ = begin_now(engine, lease(engine, request))

    row = read_request(engine, request)
    assert row["attempt"] == begun[0].attempt
    assert (row["error_code"], row["error_message"]) == (None, None)


def test_a_redelivered_message_begins_nothing(engine: Engine) -> None:
    chunk = lease(engine, make_request(engine))
    begin_now(engine, chunk)

    assert begin_now(engine, chunk) == ([], {})


def test_a_stale_token_begins_nothing(engine: Engine) -> None:
    request = make_request(engine)
    stale = lease(engine, request)
    fresh = lease(engine, request)

    assert begin_now(engine, stale) == ([], {})
    assert len(begin_now(engine, fresh)[0]) == 1


def test_a_lease_that_ran_out_begins_nothing(engine: Engine) -> None:
    chunk = lease(engine, make_request(engine), lasts=-SECOND)

    assert begin_now(engine, chunk) == ([], {})
    assert nothing_began(engine)


def test_an_unclaimed_request_does_not_begin(engine: Engine) -> None:
    request = make_request(engine)
    batch = read_request(engine, request)["batch"]

    assert begin_now(engine, Chunk(Channel.VOICE, batch, uuid4(), (request,))) == ([], {})


def test_a_message_that_names_another_batch_begins_nothing(engine: Engine) -> None:
    paused = make_batch(engine, paused=True)
    request = make_request(engine, batch=paused)
    chunk = lease(engine, request)

    begun, _ = begin_now(engine, Chunk(Channel.VOICE, make_batch(engine), chunk.lease, (request,)))

    assert begun == []


def test_two_sessions_with_the_same_claim_begin_it_once(engine: Engine) -> None:
    chunk = lease(engine, make_request(engine))

    with engine.begin() as first:
        begun, _ = begin(first, chunk)
        with Beside(engine, lambda c: begin(c, chunk)) as second:
            second.wait_until_blocked()
            first.commit()
            assert len(begun) == 1
            assert second.result() == ([], {})


def test_attempts_are_written_in_the_order_of_their_requests(engine: Engine) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(20)]
    chunk = lease(engine, *reversed(requests))

    begun, _ = begin_now(engine, chunk)

    by_request = {one.request: one.attempt for one in begun}
    written = [by_request[request] for request in requests]
    assert written == sorted(written)


BATCH_FENCES: dict[str, dict[str, Any]] = {
    "not_started": {"starts_at": func.clock_timestamp() + timedelta(hours=1)},
    "paused": {"paused": True},
    "deleted": {"deleted_at": func.clock_timestamp(), "deleted_reason": "by mistake"},
    "expired": {"starts_at": None, "expires_on": func.clock_timestamp()},
}


@pytest.mark.parametrize("why", BATCH_FENCES)
def test_a_closed_batch_hands_its_claims_back(engine: Engine, why: str) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)
    _change_batch(engine, chunk.batch, why)

    assert begin_now(engine, chunk) == ([], {request: why})
    row = queue_row(engine, request)
    assert row is not None
    assert (row["lease_token"], row["claims"]) == (None, 0)
    assert read_request(engine, request)["request_status"] == "PENDING"
    assert nothing_began(engine)


@pytest.mark.parametrize(
    ("together", "told"),
    [
        (("not_started", "paused"), "not_started"),
        (("paused", "expired"), "expired"),
        (BATCH_FENCES, "deleted"),
    ],
    ids=["not_started", "paused", "everything"],
)
def test_of_all_that_closes_a_batch_what_cannot_be_undone_is_told(
    engine: Engine, together: Iterable[str], told: str
) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)
    for why in together:
        _change_batch(engine, chunk.batch, why)

    assert begin_now(engine, chunk) == ([], {request: told})


@pytest.mark.parametrize("why", BATCH_FENCES)
def test_begin_waits_for_a_change_of_its_batch_and_obeys_it(engine: Engine, why: str) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)

    with engine.begin() as operator:
        operator.execute(_batch_change(chunk.batch, why))
        with Beside(engine, lambda c: begin(c, chunk)) as worker:
            worker.wait_until_blocked()
            operator.commit()
            assert worker.result() == ([], {request: why})
    assert nothing_began(engine)


@pytest.mark.parametrize("why", BATCH_FENCES)
def test_a_change_of_a_batch_waits_for_what_is_beginning(engine: Engine, why: str) -> None:
    chunk = lease(engine, make_request(engine))

    with engine.begin() as worker:
        begin(worker, chunk)
        with Beside(engine, lambda c: c.execute(_batch_change(chunk.batch, why))) as operator:
            operator.wait_until_blocked()
            worker.commit()
            operator.result()


@pytest.mark.parametrize("locked", ["batch", "recipient"])
def test_nothing_begins_when_the_batch_expires_while_begin_waits(
    engine: Engine, locked: str
) -> None:
    request = make_request(engine, batch=make_batch(engine, expires_in=timedelta(seconds=0.4)))
    chunk = lease(engine, request)
    table, key = (
        (schema.batch, chunk.batch)
        if locked == "batch"
        else (schema.recipient, read_request(engine, request)["recipient"])
    )

    with engine.begin() as other:
        other.execute(select(table.c.id).where(table.c.id == key).with_for_update())
        with Beside(engine, lambda c: begin(c, chunk)) as worker:
            worker.wait_until_blocked()
            eventually(lambda: _has_expired(engine, chunk.batch))
            other.rollback()
            assert worker.result() == ([], {request: "expired"})


def test_the_send_deadline_never_lies_after_the_expiry(engine: Engine) -> None:
    batch = make_batch(engine, expires_in=2 * SECOND)

    begun, _ = begin_now(engine, lease(engine, make_request(engine, batch=batch)))

    row = read_attempt(engine, begun[0].attempt)
    assert row["send_by"] == read(engine, schema.batch, batch)["expires_on"]
    assert begun[0].send_within <= 2


def test_somebody_who_opted_out_is_skipped(engine: Engine) -> None:
    recipient = make_recipient(
        engine, suppressed_at=func.clock_timestamp(), suppress_reason="spam_report"
    )
    request = make_request(engine, recipient=recipient)

    assert begin_now(engine, lease(engine, request)) == ([], {request: "suppressed"})

    after = read_request(engine, request)
    assert (after["request_status"], after["channel_manager_status"]) == (
        "SKIPPED",
        "PRIOR_SPAM_REPORT",
    )
    assert queue_row(engine, request) is None
    assert transitions(engine, request)[-1] == ("PENDING", "SKIPPED", "dispatch")
    assert counted_equals_recount(engine)


def test_begin_waits_for_an_opt_out_and_obeys_it(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)

    with engine.begin() as operator:
        operator.execute(_opt_out(read_request(engine, request)["recipient"]))
        with Beside(engine, lambda c: begin(c, chunk)) as worker:
            worker.wait_until_blocked()
            operator.commit()
            assert worker.result() == ([], {request: "suppressed"})
    assert nothing_began(engine)


def test_an_opt_out_that_commits_while_begin_waits_for_the_batch_is_obeyed(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)
    recipient = read_request(engine, request)["recipient"]

    with engine.begin() as other:
        other.execute(
            update(schema.batch).where(schema.batch.c.id == chunk.batch).values(call_rate=9)
        )
        with Beside(engine, lambda c: begin(c, chunk)) as worker:
            worker.wait_until_blocked()
            in_transaction(engine, lambda c: c.execute(_opt_out(recipient)))
            other.commit()
            assert worker.result() == ([], {request: "suppressed"})


def test_only_the_one_who_opted_out_is_left_out(engine: Engine) -> None:
    batch = make_batch(engine)
    out = make_recipient(
        engine, suppressed_at=func.clock_timestamp(), suppress_reason="unsubscribed"
    )
    skipped, sent = (
        make_request(engine, batch=batch, recipient=out),
        make_request(engine, batch=batch),
    )

    begun, handed_back = begin_now(engine, lease(engine, skipped, sent))

    assert [one.request for one in begun] == [sent]
    assert handed_back == {skipped: "suppressed"}
    assert counted_equals_recount(engine)


SCOPES = ["all", "channel", "campaign"]


def _halt_key(engine: Engine, chunk: Chunk, scope: str) -> str:
    campaign = read(engine, schema.batch, chunk.batch)["campaign_id"]
    return {"all": "", "channel": "voice", "campaign": str(campaign)}[scope]


@pytest.mark.parametrize("scope", ["all", "channel", "campaign"])
def test_begin_waits_for_a_halt_and_obeys_it(engine: Engine, scope: halts.Scope) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)
    key = _halt_key(engine, chunk, scope)

    with engine.begin() as operator:
        halts.halt(operator, scope, key, "no funds", "provider")
        with Beside(engine, lambda c: begin(c, chunk)) as worker:
            worker.wait_until_blocked()
            operator.commit()
            assert worker.result() == ([], {request: "halted"})
    assert nothing_began(engine)


@pytest.mark.parametrize(("scope", "key"), [("channel", "sms"), ("campaign", "0")])
def test_a_halt_elsewhere_does_not_concern_it(engine: Engine, scope: halts.Scope, key: str) -> None:
    chunk = lease(engine, make_request(engine))
    in_transaction(engine, halts.halt, scope, key, "no funds", "provider")

    assert len(begin_now(engine, chunk)[0]) == 1


@pytest.mark.parametrize("state", [AttemptState.SENDING, AttemptState.IN_DOUBT])
def test_a_busy_recipient_is_handed_back_until_the_other_attempt_is_looked_at(
    engine: Engine, state: AttemptState
) -> None:
    recipient = make_recipient(engine)
    other = make_request(engine, recipient=recipient)
    blocker = make_attempt(engine, request=other, state=state, check_in=40 * SECOND)
    request = make_request(engine, recipient=recipient)

    assert begin_now(engine, lease(engine, request)) == ([], {request: "recipient_busy"})

    row = queue_row(engine, request)
    assert row is not None
    assert row["due_at"] == read_attempt(engine, blocker)["check_at"]
    assert (row["lease_token"], row["claims"]) == (None, 0)
    assert read_request(engine, request)["attempt_count"] == 0
    assert [move[1] for move in transitions(engine, request)] == ["PENDING"]


def test_an_accepted_attempt_does_not_make_its_recipient_busy(engine: Engine) -> None:
    recipient = make_recipient(engine)
    other = make_request(engine, recipient=recipient)
    make_attempt(engine, request=other, state=AttemptState.ACCEPTED)

    begun, _ = begin_now(engine, lease(engine, make_request(engine, recipient=recipient)))

    assert len(begun) == 1


def test_two_batches_never_contact_one_recipient_at_the_same_time(engine: Engine) -> None:
    recipient = make_recipient(engine)
    here, there = (lease(engine, make_request(engine, recipient=recipient)) for _ in range(2))

    with engine.begin() as first:
        begin(first, here)
        with Beside(engine, lambda c: begin(c, there)) as second:
            second.wait_until_blocked()
            first.commit()
            assert second.result() == ([], {there.requests[0]: "recipient_busy"})


@pytest.mark.parametrize("table", [schema.recipient, schema.request], ids=lambda t: t.name)
def test_begin_takes_its_locks_in_ascending_order(engine: Engine, table: Table) -> None:
    people = [make_recipient(engine) for _ in range(4)]
    batch = make_batch(engine)
    backward = [make_request(engine, batch=batch, recipient=one) for one in reversed(people)]
    chunk = lease(engine, *backward)
    keys = people if table is schema.recipient else sorted(backward)

    with engine.begin() as other:
        other.execute(_lock_of(table, keys[0]))
        with Beside(engine, lambda c: begin(c, chunk)) as worker:
            worker.wait_until_blocked()
            with engine.begin() as third:
                free = [key for key in keys if third.execute(_lock_of(table, key)).first()]
            other.rollback()
            assert len(worker.result()[0]) == len(backward)

    assert free == keys[1:]


def test_a_claim_that_was_settled_while_it_lay_in_the_queue_does_not_begin(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)
    in_transaction(engine, queue.fail_unsent, chunk.lease, "render", [(request, "no name")])

    assert begin_now(engine, chunk) == ([], {})


def test_an_open_attempt_that_no_request_waits_for_spoils_no_chunk(engine: Engine) -> None:
    batch = make_batch(engine)
    stray, sound = make_request(engine, batch=batch), make_request(engine, batch=batch)
    make_attempt(engine, request=stray, state=AttemptState.ACCEPTED, status=RequestStatus.PENDING)

    begun, handed_back = begin_now(engine, lease(engine, stray, sound))

    assert [one.request for one in begun] == [sound]
    assert stray in handed_back


def _batch_change(batch: int, why: str) -> Update:
    return update(schema.batch).where(schema.batch.c.id == batch).values(**BATCH_FENCES[why])


def _change_batch(engine: Engine, batch: int, why: str) -> None:
    in_transaction(engine, lambda c: c.execute(_batch_change(batch, why)))


def _opt_out(recipient: int) -> Update:
    return (
        update(schema.recipient)
        .where(schema.recipient.c.id == recipient)
        .values(suppressed_at=func.clock_timestamp(), suppress_reason="unsubscribed")
    )


def _lock_of(table: Table, key: int) -> Select[Any]:
    return select(table.c.id).where(table.c.id == key).with_for_update(skip_locked=True)


def _has_expired(engine: Engine, batch: int) -> bool:
    with engine.begin() as connection:
        expired = text(
            "SELECT expires_on <= clock_timestamp() FROM communication_batch WHERE id = :b"
        )
        return bool(connection.scalar(expired, {"b": batch}))

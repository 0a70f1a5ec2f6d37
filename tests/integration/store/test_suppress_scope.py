"""How far an opt-out reaches: its channel, or everything the same number is contacted by."""

from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, select

from tests.factories import (
    SECOND,
    allow_recipient,
    lease,
    make_attempt,
    make_batch,
    make_recipient,
    make_request,
    make_timeouts,
    read,
    token_of,
)
from tests.sessions import Beside
from worker.desk.suppressions import import_suppressed, suppress_recipient
from worker.dispatch.apply_reports import apply_reports
from worker.dispatch.provider_loop import Answered
from worker.dispatch.record import record
from worker.domain.consent.suppression import Act, SuppressScope
from worker.domain.content.tickets import Text, Ticket
from worker.domain.evidence.answers import Refusal, Refused
from worker.domain.schedule.hand_backs import HandBack
from worker.domain.statuses import AttemptState, Channel, SuppressReason
from worker.providers.sms import read_callback
from worker.store import attempts, schema, suppressions
from worker.store.attempts import Begun
from worker.store.connect import connect, in_transaction

NUMBER = "+15125550177"
MAILBOX = "ana@example.com"
PATIENCE = make_timeouts()
BY = "ana@example.com"


@pytest.fixture
def everywhere(database_url: str) -> Iterator[Engine]:
    """The store as SUPPRESS_SCOPE=all makes it."""
    made = connect(database_url, suppress_scope=SuppressScope.ALL)
    yield made
    made.dispose()


def suppressed(engine: Engine, address: str = NUMBER) -> dict[str, str]:
    """The reason by channel."""
    person = schema.recipient.c
    chosen = select(person.channel, person.suppress_reason).where(
        person.identity == address, person.suppressed_at.is_not(None)
    )
    with engine.begin() as connection:
        return {row[0]: row[1] for row in connection.execute(chosen)}


def text_attempt(engine: Engine, state: AttemptState = AttemptState.ACCEPTED) -> int:
    recipient = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    batch = make_batch(engine, channel=Channel.SMS)
    return make_attempt(
        engine, request=make_request(engine, batch=batch, recipient=recipient), state=state
    )


def by_operator(engine: Engine) -> None:
    suppress_recipient(engine, Channel.SMS, NUMBER, reason=SuppressReason.UNSUBSCRIBED, by=BY)


def by_import(engine: Engine) -> None:
    import_suppressed(
        engine, Channel.VOICE, [(1, NUMBER)], reason=SuppressReason.SPAM_REPORT, by=BY
    )


def by_report(engine: Engine) -> None:
    token = token_of(engine, text_attempt(engine))
    form = {"MessageSid": "SM" + "1" * 32, "MessageStatus": "failed", "ErrorCode": "21610"}
    report = read_callback(form, token)
    assert report
    apply_reports(engine, PATIENCE, [report])


def by_refusal(engine: Engine) -> None:
    attempt = text_attempt(engine, AttemptState.SENDING)
    row = read(engine, schema.attempt, attempt)
    ticket = Ticket(attempt, row["request"], row["token"], NUMBER, "+15125550100", Text("Hi"))
    answered = Answered(ticket, Refused(Refusal.OPTED_OUT, "21610"))
    record(engine, PATIENCE, 1, Channel.SMS, [answered])


WAYS = {"operator": by_operator, "import": by_import, "report": by_report, "refusal": by_refusal}


@pytest.mark.parametrize("opt_out", WAYS.values(), ids=WAYS)
def test_whoever_opts_out_by_one_channel_is_left_alone_on_the_other(
    everywhere: Engine, opt_out: partial[None]
) -> None:
    opt_out(everywhere)

    assert set(suppressed(everywhere)) == {"sms", "voice"}


@pytest.mark.parametrize("way", WAYS)
def test_by_default_it_counts_where_it_came(engine: Engine, way: str) -> None:
    WAYS[way](engine)

    assert set(suppressed(engine)) == {"voice" if way == "import" else "sms"}


@pytest.mark.parametrize("reason", [SuppressReason.BOUNCED, SuppressReason.DROPPED])
def test_what_can_not_be_delivered_is_no_opt_out(
    everywhere: Engine, reason: SuppressReason
) -> None:
    suppress_recipient(everywhere, Channel.SMS, NUMBER, reason=reason, by=BY)

    assert suppressed(everywhere) == {"sms": reason}


def test_a_mailbox_has_no_other_channel(everywhere: Engine) -> None:
    suppress_recipient(
        everywhere, Channel.EMAIL, MAILBOX, reason=SuppressReason.UNSUBSCRIBED, by=BY
    )

    assert suppressed(everywhere, MAILBOX) == {"email": "unsubscribed"}


def test_lifting_takes_back_the_same_opt_out(everywhere: Engine) -> None:
    by_operator(everywhere)

    assert allow_recipient(everywhere, Channel.VOICE, NUMBER)

    assert suppressed(everywhere) == {}


def test_an_opt_out_takes_the_place_of_what_can_not_be_delivered(everywhere: Engine) -> None:
    suppress_recipient(everywhere, Channel.SMS, NUMBER, reason=SuppressReason.DROPPED, by=BY)

    by_operator(everywhere)

    assert suppressed(everywhere) == {"sms": "unsubscribed", "voice": "unsubscribed"}


def test_what_can_not_be_delivered_takes_no_opt_out_away(everywhere: Engine) -> None:
    by_operator(everywhere)

    suppress_recipient(everywhere, Channel.SMS, NUMBER, reason=SuppressReason.BOUNCED, by=BY)

    assert suppressed(everywhere) == {"sms": "unsubscribed", "voice": "unsubscribed"}


def test_no_call_begins_once_a_text_was_answered_with_stop(everywhere: Engine) -> None:
    called = make_recipient(everywhere, address=NUMBER)
    chunk = lease(everywhere, make_request(everywhere, recipient=called))
    attempt = text_attempt(everywhere)

    def begin(connection: Connection) -> tuple[list[Begun], dict[int, HandBack]]:
        return attempts.begin(
            connection, chunk, chunk.requests, send_window=5 * SECOND, answer_time=70 * SECOND
        )

    with everywhere.begin() as stop:
        suppressions.lock_recipients_of(stop, [attempt])
        with Beside(everywhere, begin) as worker:
            worker.wait_until_blocked()
            acts = {attempt: Act("provider", "1")}
            suppressions.suppress_recipients_of(stop, acts, SuppressReason.UNSUBSCRIBED)
            stop.commit()
            assert worker.result() == ([], {chunk.requests[0]: "suppressed"})


def test_a_stop_waits_for_the_call_that_is_beginning(everywhere: Engine) -> None:
    called = make_recipient(everywhere, address=NUMBER)
    attempt = text_attempt(everywhere)

    def stop(connection: Connection) -> None:
        attempts.lock(connection, [attempt], with_recipients=True)

    with everywhere.begin() as begin:
        begin.execute(
            select(schema.recipient.c.id)
            .where(schema.recipient.c.id == called)
            .with_for_update(key_share=True)
        )
        with Beside(everywhere, stop) as office:
            office.wait_until_blocked()
            begin.commit()
    in_transaction(everywhere, stop)

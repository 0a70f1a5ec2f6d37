"""What the providers reported is stored once and kept until it fits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select, text

from tests.factories import DAY, SECOND, make_attempt, make_batch, make_request, read, token_of
from tests.sessions import Beside
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import AttemptState, Channel, ChannelStatus, SuppressReason
from worker.store import inbox, schema
from worker.store.connect import in_transaction
from worker.store.inbox import StoredReport

COMPLETE = Report(
    channel=Channel.EMAIL,
    key="event-1",
    token=uuid4(),
    sid="mail-1",
    name="spamreport",
    rank=96,
    sequence=3,
    meaning=Meaning.NOTED,
    channel_status=ChannelStatus.SPAM_REPORT,
    code="5.1.1",
    suppress=SuppressReason.SPAM_REPORT,
    at=datetime(2024, 3, 9, 12, 30, tzinfo=UTC),
)
BARE = Report(
    channel=Channel.VOICE,
    key="CA1:0",
    token=None,
    sid=None,
    name="initiated",
    rank=0,
    sequence=0,
    meaning=Meaning.UNDERWAY,
    channel_status=ChannelStatus.QUEUED,
)


def store(engine: Engine, *reports: Report) -> list[int]:
    """Kept and not applied; their ids."""
    letters = in_transaction(engine, inbox.store, reports, applied=False)
    return [letter.id for letter in letters]


def read_back(engine: Engine, *ids: int) -> list[StoredReport]:
    return in_transaction(engine, inbox.read, ids)


def later(engine: Engine, letter: int, *, patience: timedelta = DAY) -> int:
    return in_transaction(
        engine,
        inbox.try_later,
        [letter],
        first=SECOND,
        patience=patience,
        reason="no",
    )


@pytest.mark.parametrize("report", [COMPLETE, BARE], ids=["complete", "bare"])
def test_a_report_comes_back_as_it_was(engine: Engine, report: Report) -> None:
    [letter] = read_back(engine, *store(engine, report))

    assert letter.report == report


def test_a_known_key_is_not_stored_again(engine: Engine) -> None:
    assert len(store(engine, COMPLETE)) == 1
    assert store(engine, COMPLETE) == []


def test_a_key_that_comes_twice_in_one_delivery_is_stored_once(engine: Engine) -> None:
    assert len(store(engine, COMPLETE, COMPLETE)) == 1


def test_each_channel_has_keys_of_its_own(engine: Engine) -> None:
    other = replace(BARE, key=COMPLETE.key)

    assert len(store(engine, COMPLETE, other)) == 2


def test_two_sessions_store_a_report_once(engine: Engine) -> None:
    with engine.begin() as first:
        assert len(inbox.store(first, [COMPLETE], applied=True)) == 1
        with Beside(engine, lambda c: inbox.store(c, [COMPLETE], applied=True)) as second:
            second.wait_until_blocked()
            first.commit()
            assert second.result() == []


def test_a_report_is_kept_when_the_session_before_it_gave_up(engine: Engine) -> None:
    with engine.begin() as first:
        inbox.store(first, [COMPLETE], applied=True)
        with Beside(engine, lambda c: inbox.store(c, [COMPLETE], applied=True)) as second:
            second.wait_until_blocked()
            first.rollback()
            assert len(second.result()) == 1


def test_a_report_finds_its_attempt_by_our_token(engine: Engine) -> None:
    attempt = make_attempt(engine)
    report = replace(BARE, token=token_of(engine, attempt))

    assert read_back(engine, *store(engine, report))[0].attempt == attempt


def test_a_report_without_a_token_finds_its_attempt_by_the_sid(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA1")
    report = replace(BARE, sid="CA1")

    assert read_back(engine, *store(engine, report))[0].attempt == attempt


def test_a_sid_that_many_recipients_share_names_none_of_them(engine: Engine) -> None:
    batch = make_batch(engine, channel=Channel.EMAIL)
    for _ in range(2):
        request = make_request(engine, batch=batch)
        make_attempt(engine, request=request, state=AttemptState.ACCEPTED, sid="mail-1")
    report = replace(COMPLETE, token=None)

    assert read_back(engine, *store(engine, report))[0].attempt is None


def test_a_token_nobody_knows_is_not_helped_by_a_known_sid(engine: Engine) -> None:
    make_attempt(engine, state=AttemptState.ACCEPTED, sid=COMPLETE.sid)

    assert read_back(engine, *store(engine, COMPLETE))[0].attempt is None


def test_an_applied_letter_is_not_read_again(engine: Engine) -> None:
    attempt = make_attempt(engine)
    [letter] = store(engine, COMPLETE)

    in_transaction(engine, inbox.mark_applied, [StoredReport(letter, attempt, COMPLETE)])

    assert read_back(engine, letter) == []
    assert in_transaction(engine, inbox.waiting, 10) == []
    assert read(engine, schema.inbox, letter)["attempt"] == attempt


def test_a_letter_that_fits_nothing_is_tried_again_at_growing_intervals(engine: Engine) -> None:
    [letter] = store(engine, COMPLETE)

    waits = []
    for _ in range(3):
        assert later(engine, letter) == 0
        row = read(engine, schema.inbox, letter)
        waits.append(_seconds_until(engine, letter))
        assert row["applied_at"] is None

    assert waits == pytest.approx([1, 2, 4], abs=0.5)


def test_a_letter_is_not_tried_before_its_time(engine: Engine) -> None:
    [letter] = store(engine, COMPLETE)
    assert in_transaction(engine, inbox.waiting, 10) == [letter]

    later(engine, letter)

    assert in_transaction(engine, inbox.waiting, 10) == []


def test_a_letter_whose_time_is_over_becomes_a_dead_letter(engine: Engine) -> None:
    [letter] = store(engine, COMPLETE)

    assert later(engine, letter, patience=-SECOND) == 1

    with engine.begin() as connection:
        dead = connection.execute(select(schema.dead_letter)).mappings().one()
    assert dead["kind"] == "callback"
    assert COMPLETE.key in dead["payload"]
    assert in_transaction(engine, inbox.waiting, 10) == []


def test_two_sessions_never_try_the_same_letter(engine: Engine) -> None:
    store(engine, COMPLETE)

    with engine.begin() as first, engine.begin() as second:
        assert len(inbox.waiting(first, 10)) == 1
        assert inbox.waiting(second, 10) == []


def _seconds_until(engine: Engine, letter: int) -> float:
    wait = text(
        "SELECT extract(epoch FROM next_try_at - clock_timestamp())::float8 FROM inbox WHERE id = :id"
    )
    with engine.begin() as connection:
        return float(connection.scalar(wait, {"id": letter}) or 0)


def test_what_is_applied_as_it_comes_is_not_waiting_and_what_fits_nothing_is(
    engine: Engine,
) -> None:
    mailing = make_batch(engine, channel=Channel.EMAIL)
    attempt = make_attempt(engine, request=make_request(engine, batch=mailing))
    fitting, stranger = replace(COMPLETE, token=token_of(engine, attempt)), BARE

    letters = in_transaction(engine, inbox.store, [fitting, stranger], applied=True)

    assert [letter.attempt for letter in letters] == [attempt, None]
    assert [letter.report for letter in letters] == [fitting, stranger]
    assert in_transaction(engine, inbox.waiting, 10) == [letters[1].id]

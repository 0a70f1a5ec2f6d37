"""Folding recipients anew: who were several people become the one they always were."""

from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text, update

from tests.factories import (
    ANA,
    make_batch,
    make_recipient,
    make_request,
    queue_row,
    read_request,
)
from worker.desk.suppression_lifts import explain_suppressed, lift_suppression
from worker.domain.consent.suppression import Act
from worker.domain.recipients.identities import FOLD_VERSION, identity_of
from worker.domain.statuses import Channel, RequestStatus, SuppressReason
from worker.store import schema
from worker.store.connect import in_transaction
from worker.store.recipient_folding import StillUnderWay, fold_anew, read_version
from worker.store.suppressions import suppress

PEOPLE = ("Dora@example.com", "dora@example.com", "DORA@example.com")


def fold(engine: Engine) -> int:
    return in_transaction(engine, fold_anew, identity_of, FOLD_VERSION)


def everybody(engine: Engine) -> list[tuple[str, str | None]]:
    person = schema.recipient.c
    with engine.begin() as connection:
        rows = connection.execute(
            select(person.identity, person.suppress_reason).order_by(person.id)
        )
        return [(row.identity, row.suppress_reason) for row in rows]


def test_three_spellings_become_one_person_who_opted_out(engine: Engine) -> None:
    opted_out = {"suppressed_at": func.now(), "suppress_reason": "unsubscribed"}
    bounced = {"suppressed_at": func.now(), "suppress_reason": "bounced"}
    facts: tuple[dict[str, Any], ...] = (bounced, opted_out, {})
    people = [
        make_recipient(engine, channel=Channel.EMAIL, address=address, **values)
        for address, values in zip(PEOPLE, facts, strict=True)
    ]
    for one in people:
        batch = make_batch(engine, channel=Channel.EMAIL)
        make_request(engine, batch=batch, recipient=one, status=RequestStatus.COMPLETED)

    assert fold(engine) == 2

    assert everybody(engine) == [("dora@example.com", "unsubscribed")]
    with engine.begin() as connection:
        rows = connection.execute(select(schema.attempt.c.recipient)).scalars().all()
    assert rows == [people[0]] * len(people)


def test_one_person_keeps_one_source_of_each_campaign(engine: Engine) -> None:
    people = [make_recipient(engine, channel=Channel.EMAIL, address=one) for one in PEOPLE]
    kept = [(people[1], 1, "a@x.test"), (people[2], 1, "b@x.test"), (people[0], 2, "c@x.test")]
    with engine.begin() as connection:
        for recipient, campaign, source in [*kept, (people[2], 2, "d@x.test")]:
            row = {"recipient": recipient, "campaign": campaign, "source": source}
            connection.execute(schema.kept_source.insert().values(row))

    fold(engine)

    with engine.begin() as connection:
        columns = schema.kept_source.c
        rows = connection.execute(select(columns.recipient, columns.campaign, columns.source)).all()
    assert sorted(tuple(row) for row in rows) == [
        (people[0], 1, "a@x.test"),
        (people[0], 2, "c@x.test"),
    ]


def test_acts_of_one_person_in_two_spellings_stand_beside_each_other(engine: Engine) -> None:
    for number, one in enumerate(PEOPLE[:2]):
        make_recipient(engine, channel=Channel.EMAIL, address=one)
        act = Act("spamreport", f"e{number}")
        reason = SuppressReason.SPAM_REPORT
        in_transaction(
            engine, suppress, channel=Channel.EMAIL, identity=one, reason=reason, act=act
        )

    fold(engine)

    assert everybody(engine) == [("dora@example.com", "spam_report")]
    first, second = explain_suppressed(engine, Channel.EMAIL, "Dora@example.com")
    assert (first.act, second.act) == ("e0", "e1")
    lift_suppression(engine, first.id, by=ANA)
    assert everybody(engine) == [("dora@example.com", "spam_report")]


def test_it_waits_for_attempts_that_are_under_way_to_one_person(engine: Engine) -> None:
    for one in PEOPLE[:2]:
        recipient = make_recipient(engine, channel=Channel.EMAIL, address=one)
        batch = make_batch(engine, channel=Channel.EMAIL)
        make_request(engine, batch=batch, recipient=recipient, status=RequestStatus.INITIATED)

    with pytest.raises(StillUnderWay):
        fold(engine)


def test_the_second_of_a_batch_that_waits_becomes_a_duplicate(engine: Engine) -> None:
    batch = make_batch(engine, channel=Channel.EMAIL)
    first, second = (
        make_request(
            engine,
            batch=batch,
            recipient=make_recipient(engine, channel=Channel.EMAIL, address=one),
        )
        for one in PEOPLE[:2]
    )

    fold(engine)

    assert read_request(engine, first)["request_status"] == RequestStatus.PENDING
    assert read_request(engine, second)["request_status"] == RequestStatus.DUPLICATE
    assert queue_row(engine, second) is None


def test_the_version_is_remembered(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(schema.fold).values(version=0))

    fold(engine)

    assert in_transaction(engine, read_version) == FOLD_VERSION


def test_a_new_database_needs_no_folding(engine: Engine) -> None:
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT version FROM fold")) == FOLD_VERSION

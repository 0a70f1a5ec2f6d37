"""Deeds over all batches, doubts and dead letters that match, each in portions that anybody carries on."""

from collections.abc import Mapping
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from tests.factories import (
    SECOND,
    make_attempt,
    make_batch,
    make_campaign,
    make_request,
    queue_row,
    read_attempt,
    read_request,
)
from worker.desk.audit import list_audit
from worker.desk.batches import delete_batch, show_batch
from worker.desk.bulk_deeds import count_bulk, go_on, list_bulk, show_bulk, start_bulk
from worker.desk.dead_letters import list_dead_letters
from worker.domain.audit import Deed
from worker.domain.contract.bulk_deeds import Aim, BulkDeed, BulkOrder, Over
from worker.domain.errors import WrongFields
from worker.domain.statuses import AttemptState, Channel
from worker.store import dead_letters
from worker.store.connect import in_transaction

ANA = "ana@example.com"
LATE = text(
    """UPDATE communication_batch SET finished_at = clock_timestamp() WHERE batch_id = 'done'"""
)


def aim(deed: Deed, **chosen: str) -> Aim:
    return Aim(deed=deed, chosen=chosen)


def do_all(engine: Engine, wanted: Aim, most: int | None = None) -> BulkDeed:
    """Count, order, and carry it to its end."""
    counted = count_bulk(engine, wanted) if most is None else most
    order = BulkOrder(once=uuid4(), aim=wanted, most=counted, why="the lines were down")
    number = start_bulk(engine, order, by=ANA)
    while go_on(engine):
        pass
    return show_bulk(engine, number)


def paused(engine: Engine) -> set[str]:
    rows = text("SELECT batch_id FROM communication_batch WHERE paused")
    with engine.begin() as connection:
        return set(connection.scalars(rows))


def bury(engine: Engine, payload: str, *, task: str = "outreach.create_batch", **told: str) -> int:
    letter = in_transaction(
        engine,
        dead_letters.bury,
        reason="it could not be read",
        payload=payload,
        task=task,
        message_id=uuid4().hex,
        **told,
    )
    assert letter
    return letter


def open_letters(engine: Engine) -> list[int]:
    return [one.id for one in list_dead_letters(engine)]


def test_all_batches_that_can_go_out_are_paused_and_those_let_go_on_again(engine: Engine) -> None:
    for name in ("a1", "a2", "done", "gone"):
        make_batch(engine, batch_id=name)
    make_batch(engine, batch_id="over", expires_in=-SECOND)
    make_batch(engine, batch_id="held", paused=True)
    delete_batch(engine, "gone", reason="wrong", by=ANA)
    with engine.begin() as connection:
        connection.execute(LATE)
    done = do_all(engine, aim(Deed.PAUSE))

    assert (done.done, done.passed, done.most, done.fault) == (2, 0, 2, None)
    assert paused(engine) == {"a1", "a2", "held"}
    assert do_all(engine, aim(Deed.RESUME)).done == 3
    assert paused(engine) == set()


@pytest.mark.parametrize(
    ("chosen", "held"),
    [
        ({"matching": "MAY"}, {"may-1", "may-2"}),
        ({"matching": "may-1", "standing": "unfinished"}, {"may-1"}),
        ({"matching": "may", "standing": "finished"}, set()),
        ({"status": "PENDING", "matching": "june"}, {"june-1"}),
        ({"status": "EXPIRED"}, set()),
    ],
)
def test_only_batches_that_the_filter_names_are_held(
    engine: Engine, chosen: Mapping[str, str], held: set[str]
) -> None:
    for name in ("may-1", "may-2", "june-1"):
        make_batch(engine, batch_id=name)
    wanted = aim(Deed.PAUSE, **chosen)

    assert count_bulk(engine, wanted) == len(held)
    do_all(engine, wanted, most=10)
    assert paused(engine) == held


def test_batches_go_in_portions_no_more_than_were_counted_and_each_is_in_the_audit(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.desk.bulk_batches.SIZE", 2)
    for n in range(6):
        make_batch(engine, batch_id=f"b{n}")
    order = BulkOrder(once=uuid4(), aim=aim(Deed.PAUSE), most=5, why="the lines were down")
    number = start_bulk(engine, order, by=ANA)

    seen = []
    while go_on(engine):
        seen.append((show_bulk(engine, number).done, len(paused(engine))))
    assert seen == [(2, 2), (4, 4), (5, 5)]
    (entry,) = list_audit(engine, batch="b0")
    assert (entry.deed, entry.by, entry.why) == (Deed.PAUSE, ANA, "the lines were down")
    ends = [one for one in list_audit(engine, limit=50) if one.subject == "batches"]
    assert [one.detail.get("done") for one in ends] == [5, None]
    assert list_bulk(engine, Over.BATCHES)[0].id == number
    assert list_bulk(engine, Over.DOUBTS) == []


def test_a_batch_that_was_deleted_meanwhile_is_passed_over(engine: Engine) -> None:
    for name in ("b1", "b2"):
        make_batch(engine, batch_id=name)
    wanted = aim(Deed.PAUSE)
    number = start_bulk(engine, BulkOrder(once=uuid4(), aim=wanted, most=2), by=ANA)
    delete_batch(engine, "b1", reason="wrong", by=ANA)
    while go_on(engine):
        pass

    assert show_bulk(engine, number).done == 1
    assert not show_batch(engine, "b1").facts.paused


def doubt(engine: Engine, batch: str, channel: Channel, n: int = 1) -> list[int]:
    key = make_batch(engine, batch_id=batch, campaign=make_campaign(engine, channel=channel))
    return [
        make_attempt(engine, request=make_request(engine, batch=key), state=AttemptState.IN_DOUBT)
        for _ in range(n)
    ]


def test_all_doubts_are_counted_as_sent_and_whatever_is_under_way_is_left(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.desk.bulk_doubts.SIZE", 2)
    attempts = doubt(engine, "D", Channel.SMS, 5)
    sending = make_attempt(engine)
    done = do_all(engine, aim(Deed.COUNT_AS_SENT, batch="", channel=""))

    assert (done.done, done.passed) == (5, 0)
    assert {read_attempt(engine, one)["state"] for one in attempts} == {"DONE"}
    assert read_attempt(engine, sending)["state"] == "SENDING"
    decided = [one for one in list_audit(engine, limit=50) if one.subject.startswith("attempt")]
    assert {(one.deed, one.by) for one in decided} == {(Deed.COUNT_AS_SENT, ANA)}
    assert len(decided) == 5


@pytest.mark.parametrize("chosen", [{"batch": "S"}, {"channel": "sms"}])
def test_a_retry_is_allowed_of_the_doubts_that_were_chosen_alone(
    engine: Engine, chosen: Mapping[str, str]
) -> None:
    (text_sent,) = doubt(engine, "S", Channel.SMS)
    (call,) = doubt(engine, "V", Channel.VOICE)
    done = do_all(engine, aim(Deed.ALLOW_RETRY, **chosen))

    assert done.done == 1
    request = read_attempt(engine, text_sent)["request"]
    assert read_request(engine, request)["request_status"] == "PENDING"
    assert queue_row(engine, request) is not None
    assert read_attempt(engine, call)["state"] == "IN_DOUBT"


def test_letters_are_replayed_oldest_first_and_what_still_fails_stays(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.desk.bulk_letters.SIZE", 2)
    campaign = make_campaign(engine)
    first, third = (
        bury(engine, f'{{"batch_id": "{name}", "campaign_id": {campaign}}}') for name in "AC"
    )
    broken = bury(engine, '{"batch_id": 7}')
    unread = bury(engine, "{}", kind="callback", task="voice")
    done = do_all(engine, aim(Deed.REPLAY, kind=""))

    assert (done.most, done.done, done.passed, done.fault) == (3, 2, 1, None)
    assert open_letters(engine) == [unread, broken]
    assert {show_batch(engine, name).facts.batch_id for name in "AC"} == {"A", "C"}
    replayed = [
        one for one in list_audit(engine, limit=50) if one.subject.startswith("dead letter")
    ]
    told = sorted(one.subject for one in replayed if one.subject != "dead letters")
    assert told == [f"dead letter {first}", f"dead letter {third}"]


def test_letters_of_one_kind_are_let_go(engine: Engine) -> None:
    message = bury(engine, "{}")
    bury(engine, "{}", kind="callback", task="voice")
    done = do_all(engine, aim(Deed.DISCARD, kind="callback"))

    assert done.done == 1
    assert open_letters(engine) == [message]
    assert count_bulk(engine, aim(Deed.REPLAY, kind="callback")) == 0
    assert count_bulk(engine, aim(Deed.DISCARD, kind="")) == 1


def test_what_is_done_to_one_at_a_time_has_no_count(engine: Engine) -> None:
    for wrong in (aim(Deed.DELETE), aim(Deed.RETRY), Aim(deed=Deed.PAUSE, batch_id="B")):
        with pytest.raises(WrongFields):
            count_bulk(engine, wrong)

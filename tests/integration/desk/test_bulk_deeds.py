"""One deed over all that match: in portions, no more than were counted, once, until somebody stops it."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text, update

from tests.factories import make_attempt, make_batch, make_request, read_request
from tests.sessions import Beside
from worker.desk.audit import list_audit
from worker.desk.batches import delete_batch
from worker.desk.bulk_deeds import go_on, list_bulk, show_bulk, start_bulk, stop_bulk
from worker.desk.bulk_requests import SIZE
from worker.domain.audit import Deed
from worker.domain.contract.bulk_deeds import Aim, BulkDeed, BulkOrder, Over
from worker.domain.errors import BatchDeleted, UnknownBatch, WrongFields
from worker.domain.statuses import AttemptState, ChannelStatus, RequestStatus
from worker.store import bulk_deeds, schema

ANA = "ana@example.com"
BUSY, UNANSWERED = ChannelStatus.BUSY, ChannelStatus.NO_ANSWER


@pytest.fixture
def batch(engine: Engine) -> int:
    return make_batch(engine, batch_id="B")


def order(
    deed: Deed, most: int, outcome: str = "", *, once: UUID | None = None, batch: str = "B"
) -> BulkOrder:
    chosen = {"outcome": outcome}
    aim = Aim(deed=deed, batch_id=batch, chosen=chosen)
    return BulkOrder(once=once or uuid4(), aim=aim, most=most, why="because")


def failed(engine: Engine, batch: int, n: int, outcome: ChannelStatus = BUSY) -> list[int]:
    return [
        make_request(
            engine, batch=batch, status=RequestStatus.FAILED, channel_manager_status=outcome
        )
        for _ in range(n)
    ]


def waiting(engine: Engine) -> int:
    with engine.begin() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM queue")) or 0)


def finish(engine: Engine, number: int) -> BulkDeed:
    while go_on(engine):
        pass
    return show_bulk(engine, number)


def test_all_that_match_are_done_and_nobody_else(engine: Engine, batch: int) -> None:
    failed(engine, batch, 3)
    (other,) = failed(engine, batch, 1, UNANSWERED)
    (elsewhere,) = failed(engine, make_batch(engine), 1)
    done = finish(engine, start_bulk(engine, order(Deed.RETRY, 3, BUSY), by=ANA))

    assert (done.done, done.passed, done.fault, done.percent) == (3, 0, None, 100.0)
    assert waiting(engine) == 3
    for untouched in (other, elsewhere):
        assert read_request(engine, untouched)["request_status"] == RequestStatus.FAILED


def test_it_goes_in_portions_and_each_is_one_commit(
    engine: Engine, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.desk.bulk_requests.SIZE", 2)
    failed(engine, batch, 5)
    number = start_bulk(engine, order(Deed.RETRY, 5), by=ANA)

    seen = []
    while go_on(engine):
        seen.append((show_bulk(engine, number).done, waiting(engine)))
    assert seen == [(2, 2), (4, 4), (5, 5)]
    assert SIZE > 2


def test_no_more_are_touched_than_were_counted(engine: Engine, batch: int) -> None:
    failed(engine, batch, 5)
    done = finish(engine, start_bulk(engine, order(Deed.RETRY, 2), by=ANA))

    assert (done.done, waiting(engine)) == (2, 2)
    assert done.finished_at is not None


def test_whoever_may_have_been_reached_is_passed_over_once(
    engine: Engine, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.desk.bulk_requests.SIZE", 1)
    (doubtful,) = failed(engine, batch, 1)
    failed(engine, batch, 2)
    make_attempt(engine, request=doubtful, state=AttemptState.UNRESOLVED)
    done = finish(engine, start_bulk(engine, order(Deed.RETRY, 3), by=ANA))

    assert (done.done, done.passed) == (2, 1)
    assert read_request(engine, doubtful)["request_status"] == RequestStatus.FAILED


def test_what_waits_is_removed_and_what_began_lives_on(engine: Engine, batch: int) -> None:
    for _ in range(3):
        make_request(engine, batch=batch)
    begun = make_request(engine, batch=batch, status=RequestStatus.INITIATED)
    done = finish(engine, start_bulk(engine, order(Deed.REMOVE, 3), by=ANA))

    assert (done.done, waiting(engine)) == (3, 0)
    assert read_request(engine, begun)["request_status"] == RequestStatus.INITIATED


def test_the_same_order_twice_is_one_deed(engine: Engine, batch: int) -> None:
    failed(engine, batch, 1)
    wanted = order(Deed.RETRY, 1)
    first = start_bulk(engine, wanted, by=ANA)
    finish(engine, first)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM queue"))
        connection.execute(
            update(schema.request).values(
                request_status="FAILED", channel_manager_status=BUSY, moved_by="callback"
            )
        )

    assert start_bulk(engine, wanted, by=ANA) == first
    assert finish(engine, first).done == 1
    assert waiting(engine) == 0


def test_once_it_is_stopped_nothing_more_is_done(
    engine: Engine, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.desk.bulk_requests.SIZE", 1)
    failed(engine, batch, 3)
    number = start_bulk(engine, order(Deed.RETRY, 3), by=ANA)
    go_on(engine)
    stopped = stop_bulk(engine, number, by="ben@example.com")

    assert not go_on(engine)
    assert (stopped.done, stopped.stopped_by, waiting(engine)) == (1, "ben@example.com", 1)
    assert stop_bulk(engine, number, by=ANA).stopped_by == "ben@example.com"


def test_a_stop_waits_for_the_portion_under_way(engine: Engine, batch: int) -> None:
    number = start_bulk(engine, order(Deed.RETRY, 3), by=ANA)
    with engine.connect() as holder, holder.begin() as transaction:
        assert bulk_deeds.claim(holder) is not None
        with Beside(engine, lambda beside: bulk_deeds.stop(beside, number, ANA)) as stop:
            stop.wait_until_blocked()
            assert not go_on(engine), "it is held: nobody else does the same portion"
            transaction.rollback()
            assert stop.result()


def test_what_can_not_go_on_says_why_and_holds_up_no_other(engine: Engine, batch: int) -> None:
    failed(engine, batch, 1)
    other = make_batch(engine, batch_id="C")
    failed(engine, other, 1)
    broken = start_bulk(engine, order(Deed.RETRY, 1, batch="C"), by=ANA)
    delete_batch(engine, "C", reason="wrong", by=ANA)
    number = start_bulk(engine, order(Deed.RETRY, 1), by=ANA)

    assert finish(engine, number).done == 1
    assert show_bulk(engine, broken).fault == str(BatchDeleted("C"))


def test_the_audit_has_its_beginning_and_its_end(engine: Engine, batch: int) -> None:
    failed(engine, batch, 2)
    number = start_bulk(engine, order(Deed.RETRY, 2, BUSY), by=ANA)
    finish(engine, number)

    end, beginning = list_audit(engine, batch="B")
    assert (beginning.deed, beginning.by, beginning.why) == (Deed.RETRY, ANA, "because")
    assert beginning.detail == {"bulk": number, "at_most": 2, "chosen": ["outcome BUSY"]}
    assert end.detail == {"bulk": number, "done": 2, "passed_over": 0}


def test_what_can_not_be_ordered_is_refused(engine: Engine, batch: int) -> None:
    for wrong in (order(Deed.DELETE, 1), order(Deed.RETRY, 0), order(Deed.RETRY, 2**40)):
        with pytest.raises(WrongFields):
            start_bulk(engine, wrong, by=ANA)
    with pytest.raises(UnknownBatch):
        start_bulk(engine, order(Deed.RETRY, 1, batch="nothing"), by=ANA)
    assert list_bulk(engine, Over.REQUESTS, "B") == []

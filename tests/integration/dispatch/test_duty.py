"""The scheduler's duties: nothing that befalls one stops another, and schedulers share them."""

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from tests.factories import database_time
from worker.desk.database import examine_duties
from worker.dispatch.duty import SCAN, SHARED, Duty, TurnNotes, perform
from worker.store import duties
from worker.store.connect import StoreUnavailable, in_transaction


def time_passes(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE duty SET next_at = next_at - interval '1 hour'"))


def test_of_many_schedulers_one_does_it(engine: Engine) -> None:
    done: list[int] = []
    everywhere = [Duty("sweep", lambda n=n: done.append(n), 3600) for n in range(3)]  # type: ignore[misc]

    assert [perform(engine, one) for one in everywhere] == [True, False, False]
    time_passes(engine)
    assert [perform(engine, one) for one in reversed(everywhere)] == [True, False, False]

    assert done == [0, 2]


def test_what_each_does_for_itself_each_does(engine: Engine) -> None:
    done: list[int] = []
    duty = Duty("recognize", lambda: done.append(1), 3600, shared=False)

    assert [perform(engine, duty), perform(engine, duty)] == [True, True]
    assert len(done) == 2


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), KeyError("+15125550001")], ids=repr)
def test_one_that_fails_stops_nothing_and_is_reported(engine: Engine, fault: Exception) -> None:
    def fail() -> None:
        raise fault

    with capture_logs() as logs:
        assert not perform(engine, Duty("sweep", fail, 3600))
        assert perform(engine, Duty("rescue", lambda: None, 3600))

    [entry] = [entry for entry in logs if entry["event"] == "duty_failed"]
    assert (entry["duty"], entry["error"]) == ("sweep", type(fault).__name__)
    rescue, sweep = in_transaction(engine, duties.newest)
    assert (sweep.fault, sweep.done_at) == (type(fault).__name__, None)
    assert rescue.fault is None
    assert rescue.seconds is not None
    assert rescue.done_at is not None
    assert rescue.done_at <= database_time(engine)
    [finding] = examine_duties(engine, ["sweep"])
    assert (finding.well, finding.found) == (False, f"it fails: {type(fault).__name__}")

    time_passes(engine)
    assert perform(engine, Duty("sweep", lambda: None, 3600))
    assert not in_transaction(engine, duties.newest)[1].fault


def test_one_that_nobody_does_any_more_is_told_with_the_moment_it_was_last_done(
    engine: Engine,
) -> None:
    perform(engine, Duty("rescue", lambda: None, 60))
    [well] = examine_duties(engine, ["rescue"])
    assert well.well
    time_passes(engine)

    [missed] = examine_duties(engine, ["rescue"])
    assert not missed.well
    assert missed.found.startswith("nobody does it; it was due ")
    assert missed.since
    assert "tasks.scheduler" in missed.advice


def test_one_that_nobody_has_ever_done_is_told(engine: Engine) -> None:
    perform(engine, Duty("rescue", lambda: None, 60))

    assert [one.what for one in examine_duties(engine, SHARED) if not one.well] == [
        f"duty {name}" for name in SHARED if name != "rescue"
    ]


def test_a_loop_that_goes_round_is_written_down_now_and_then(engine: Engine) -> None:
    notes = TurnNotes(engine, SCAN, every=60)
    for _ in range(3):
        notes.tell()
    [row] = in_transaction(engine, duties.newest)
    assert row.done_at is not None
    [well] = examine_duties(engine, [SCAN])
    assert (well.well, well.since) == (True, row.done_at)

    TurnNotes(engine, SCAN, every=60).tell()
    [again] = in_transaction(engine, duties.newest)
    assert again.done_at is not None
    assert again.done_at > row.done_at, "a second scheduler's word counts as well"

    time_passes(engine)
    [missed] = examine_duties(engine, [SCAN])
    assert not missed.well

"""An auto-paced batch that can't finish before it expires says so as soon as that is known."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from tests.factories import HOUR, make_batch, make_campaign, make_request
from worker.desk.metrics import read_figures
from worker.dispatch.deadline_check import check_deadlines
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.statuses import Channel

EVERYTHING = Ceilings()


def make_work(engine: Engine, n: int, *, channel: Channel = Channel.VOICE, **values: Any) -> int:
    batch = make_batch(
        engine,
        campaign=make_campaign(engine, channel=channel, **values),
        auto_call_rate=True,
        expires_in=2 * HOUR,
    )
    for _ in range(n):
        make_request(engine, batch=batch)
    return batch


def seen(engine: Engine, ceilings: Ceilings = EVERYTHING) -> list[tuple[Any, ...]]:
    """What was logged: the event, and how many requests are missed."""
    with capture_logs() as logged:
        check_deadlines(engine, ceilings)
    return [(entry["log_level"], entry["event"], entry.get("missed")) for entry in logged]


def late(n: int) -> list[tuple[Any, ...]]:
    return [("warning", "batch_will_be_late", n)]


def change(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_a_batch_that_fits_is_not_spoken_of(engine: Engine) -> None:
    make_work(engine, 5)

    assert seen(engine) == []
    assert read_figures(engine).batches_late == 0


def test_a_cap_that_is_too_small_is_said_once_and_counted_until_it_is_lifted(
    engine: Engine,
) -> None:
    make_work(engine, 9, max_daily_calls=3)
    # Midnight may fall into the two hours: then a second day's cap is to be had.
    [(level, event, missed)] = seen(engine)
    assert (level, event) == ("warning", "batch_will_be_late")
    assert missed in {3, 6}

    assert seen(engine) == []
    assert read_figures(engine).batches_late == 1
    change(engine, "UPDATE campaign SET max_daily_calls = NULL")
    assert seen(engine) == [("info", "batch_will_be_in_time", None)]
    assert read_figures(engine).batches_late == 0


def test_work_that_is_added_beyond_the_band_is_said(engine: Engine) -> None:
    make_work(engine, 30)
    change(engine, "UPDATE communication_batch SET auto_call_rate_baseline = 4")

    # Two hours at a fifth above four an hour.
    assert seen(engine) == late(21)


def test_the_channel_is_a_limit_too(engine: Engine) -> None:
    make_work(engine, 30)

    assert seen(engine, Ceilings(sms_per_second=0.001)) == []
    # 3.6 calls an hour: seven in two hours.
    assert seen(engine, Ceilings(voice_per_second=0.001)) == late(23)


CLOSED: dict[str, str] = {
    "paused": "paused = true",
    "deleted": "deleted_at = clock_timestamp(), deleted_reason = 'x'",
    "finished": "finished_at = clock_timestamp()",
    "expired": "expires_on = clock_timestamp()",
    "not auto-paced": "auto_call_rate = false",
}


@pytest.mark.parametrize("how", CLOSED.values(), ids=CLOSED)
def test_a_batch_that_is_closed_is_not_counted_any_more(engine: Engine, how: str) -> None:
    make_work(engine, 30)
    change(engine, "UPDATE communication_batch SET auto_call_rate_baseline = 1")
    assert seen(engine) != []
    assert read_figures(engine).batches_late == 1

    change(engine, f"UPDATE communication_batch SET {how}")  # noqa: S608  from the table above

    assert seen(engine) == []
    assert read_figures(engine).batches_late == 0


def test_a_row_that_a_scan_holds_is_noted_the_next_time(engine: Engine) -> None:
    make_work(engine, 30)
    change(engine, "UPDATE communication_batch SET auto_call_rate_baseline = 1")
    with engine.connect() as scan, scan.begin():
        scan.execute(text("SELECT FROM batch_pace FOR UPDATE"))
        began = scan.scalar(text("SELECT clock_timestamp()"))
        assert seen(engine) == []
        ended = scan.scalar(text("SELECT clock_timestamp()"))

    assert ended - began < timedelta(seconds=2)
    assert len(seen(engine)) == 1

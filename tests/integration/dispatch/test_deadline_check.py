"""A batch that can't finish before it expires says so as soon as that is known."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from tests.factories import HOUR, MINUTE, make_batch, make_campaign, make_request
from worker.desk.database import examine_ends
from worker.desk.metrics import read_figures
from worker.desk.minutes import Minutes
from worker.desk.now import look_around
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


def make_slow(engine: Engine) -> None:
    """Thirty requests at a fixed pace of five an hour, with two hours to go."""
    campaign = make_campaign(engine, hourly_rate=5, webhooks=HOOKS)
    batch = make_batch(engine, batch_id="B", campaign=campaign, expires_in=2 * HOUR)
    for _ in range(30):
        make_request(engine, batch=batch)


HOOKS = [{"url": "https://a.example"}, {"url": "https://a.example"}, {"url": "https://b.example"}]


def test_a_fixed_rate_that_is_too_low_is_said_too(engine: Engine) -> None:
    make_slow(engine)

    assert seen(engine) == late(21)
    assert read_figures(engine).batches_late == 1
    [finding] = examine_ends(engine)
    assert (finding.what, finding.well) == ("batch B", False)
    assert "21 of its requests" in finding.found
    trouble = look_around(engine, Minutes(), ceilings=EVERYTHING).trouble
    assert trouble is not None
    assert (trouble.kind, "21 people" in trouble.sentence) == ("late", True)


def test_its_receivers_are_told_once(engine: Engine) -> None:
    make_slow(engine)
    for _ in range(2):
        seen(engine)

    with engine.begin() as connection:
        rows = connection.execute(text("SELECT url, body FROM webhook_delivery ORDER BY url")).all()
    assert [url for url, _ in rows] == ["https://a.example", "https://b.example"]
    told = json.loads(rows[0].body)
    assert (told["type"], told["batch_id"], told["missed"]) == ("communication_batch.late", "B", 21)

    change(engine, "UPDATE communication_batch SET expires_on = expires_on + interval '1 day'")
    assert seen(engine) == [("info", "batch_will_be_in_time", None)]
    assert [one.what for one in examine_ends(engine)] == ["batches in time"]


def test_nobody_is_warned_for_a_guess_of_how_fast_a_channel_is(engine: Engine) -> None:
    batch = make_batch(engine, expires_in=10 * MINUTE)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO request_count VALUES (:batch, 'PENDING', 'PENDING', 1, 100000)"),
            {"batch": batch},
        )

    assert seen(engine) == []


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

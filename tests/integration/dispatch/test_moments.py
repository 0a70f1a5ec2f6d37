"""A scan at the right moment: windows, rates, caps, and the recipient's own clock."""

from datetime import UTC, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text, update

from tests.factories import (
    MINUTE,
    database_time,
    make_batch,
    make_campaign,
    make_recipient,
    make_request,
    queue_row,
    read,
)
from worker.desk.plan import outlook
from worker.dispatch.scan import ScanLimits, scan
from worker.domain.schedule.windows import WEEK
from worker.domain.statuses import Channel
from worker.store import schema

LIMITS = ScanLimits(lease=MINUTE, chunk_size=100, backlog_chunks=4)
OPEN_AT = {
    "+351211234567": range(9, 19),
    "+18085550100": (*range(19, 24), *range(6)),
    "+61892345678": range(1, 12),
}


def claimed(engine: Engine) -> int:
    return sum(len(chunk.requests) for chunk in scan(engine, LIMITS, {Channel.VOICE: 0}))


def make_work(engine: Engine, n: int, **values: Any) -> int:
    batch = make_batch(engine, batch_id="work", campaign=make_campaign(engine, **values))
    for _ in range(n):
        make_request(engine, batch=batch)
    return batch


def test_outside_its_window_nothing_is_claimed_and_the_operator_reads_why(engine: Engine) -> None:
    now = database_time(engine)
    closed: dict[str, Any] = {
        "holidays": [(now + timedelta(days=days)).date().isoformat() for days in range(-1, 3)]
    }
    batch = make_work(engine, 1, **closed)

    assert claimed(engine) == 0
    assert "outside calling window until" in str(outlook(engine, "work").not_moving)
    with engine.begin() as connection:
        at = connection.scalar(
            text("SELECT next_claim_at FROM batch_pace WHERE batch = :batch"), {"batch": batch}
        )
    assert at.astimezone(UTC).time() == time(0)


def test_an_edit_of_the_campaign_takes_effect_at_the_next_scan(engine: Engine) -> None:
    now = database_time(engine)
    closed: dict[str, Any] = {
        "holidays": [(now + timedelta(days=days)).date().isoformat() for days in range(-1, 3)]
    }
    make_work(engine, 1, **closed)
    assert claimed(engine) == 0

    with engine.begin() as connection:
        connection.execute(text("UPDATE campaign SET holidays = '{}'"))

    assert claimed(engine) == 1


def test_a_rated_batch_begins_with_one(engine: Engine) -> None:
    make_work(engine, 5, hourly_rate=60)

    assert [claimed(engine), claimed(engine)] == [1, 0]
    assert outlook(engine, "work").not_moving == "paced at 60 an hour"


def test_a_daily_cap_counts_what_is_claimed_and_not_begun_yet(engine: Engine) -> None:
    make_work(engine, 5, max_daily_calls=3)

    assert [claimed(engine), claimed(engine)] == [3, 0]
    assert outlook(engine, "work").not_moving == "daily cap 3 reached"


@pytest.mark.parametrize(
    ("caps", "usual", "n"),
    [
        (["day"], None, 2),
        (["day"], 1, 2),
        (["weekday", "day"], 5, 2),
        (["weekday"], 5, 4),
        (["another"], 3, 3),
    ],
)
def test_a_day_may_have_a_cap_of_its_own(
    engine: Engine, caps: list[str], usual: int | None, n: int
) -> None:
    now = database_time(engine)
    tomorrow = WEEK[(now.weekday() + 1) % 7]
    named = {"day": now.date().isoformat(), "weekday": WEEK[now.weekday()], "another": tomorrow}
    own = {"day": 2, "weekday": 4, "another": 1}
    daily_caps = {named[name]: own[name] for name in caps}
    make_work(engine, 5, max_daily_calls=usual, daily_caps=daily_caps)

    assert [claimed(engine), claimed(engine)] == [n, 0]
    assert outlook(engine, "work").not_moving == f"daily cap {n} reached"


@pytest.mark.parametrize("named", ["day", "weekday"])
def test_a_cap_of_nothing_closes_the_day(engine: Engine, named: str) -> None:
    now = database_time(engine)
    day = now.date().isoformat() if named == "day" else WEEK[now.weekday()]
    make_work(engine, 1, daily_caps={day: 0})

    assert claimed(engine) == 0
    assert "outside calling window until" in str(outlook(engine, "work").not_moving)


def test_a_weekday_may_have_hours_of_its_own(engine: Engine) -> None:
    now = database_time(engine)
    today, hour = WEEK[now.weekday()], (now.hour + 12) % 24
    elsewhen = [f"{hour:02}:00:00", f"{hour:02}:30:00"]
    make_work(engine, 1, weekday_hours={today: elsewhen})

    assert claimed(engine) == 0
    with engine.begin() as connection:
        tomorrow = WEEK[(now.weekday() + 1) % 7]
        connection.execute(update(schema.campaign).values(weekday_hours={tomorrow: elsewhen}))
    assert claimed(engine) == 1


def test_an_automatic_rate_keeps_its_baseline_until_a_pause_ends(engine: Engine) -> None:
    campaign = make_campaign(engine)
    batch = make_batch(
        engine, campaign=campaign, auto_call_rate=True, expires_in=timedelta(hours=10)
    )
    for _ in range(9):
        make_request(engine, batch=batch)

    assert claimed(engine) == 1
    assert read(engine, schema.batch, batch)["auto_call_rate_baseline"] == pytest.approx(2, abs=1)


@pytest.mark.parametrize("address", ["+80012345678", "+999123456789"], ids=["global", "unknown"])
def test_a_recipient_whose_zone_nobody_knows_waits(engine: Engine, address: str) -> None:
    batch = make_work(engine, 0, recipient_hours=True)
    recipient = make_recipient(engine, address=address)
    request = make_request(engine, batch=batch, recipient=recipient)

    assert claimed(engine) == 0

    row = queue_row(engine, request)
    assert row is not None
    assert row["due_at"] > database_time(engine) + timedelta(hours=1)


def test_recipients_asleep_do_not_keep_those_awake_waiting(engine: Engine) -> None:
    batch = make_work(engine, 0, recipient_hours=True, hourly_rate=3600)
    for number in range(30):
        recipient = make_recipient(engine, address=f"+8005550{number:04}")
        make_request(engine, batch=batch, recipient=recipient, due_in=-2 * MINUTE)
    # Lisbon by day, Honolulu in UTC's evening, Perth in its early morning: one is open at any hour.
    hour = database_time(engine).hour
    address = next(number for number, open_at in OPEN_AT.items() if hour in open_at)
    awake = make_request(engine, batch=batch, recipient=make_recipient(engine, address=address))

    chunks = scan(engine, LIMITS, {Channel.VOICE: 0})

    assert [request for chunk in chunks for request in chunk.requests] == [awake]


def test_ten_thousand_idle_batches_are_not_read(engine: Engine) -> None:
    make_work(engine, 1)
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO communication_batch (batch_id, campaign_id, last_updated_by)
                SELECT 'idle-' || n, (SELECT min(id) FROM campaign), 'ana@example.com'
                FROM generate_series(1, 10000) AS n
            """)
        )
        connection.execute(text("UPDATE batch_pace SET next_claim_at = 'infinity' WHERE batch > 1"))
        connection.execute(text("ANALYZE"))
        plan = connection.scalar(
            text("""
                EXPLAIN (FORMAT JSON) SELECT FROM batch_pace
                WHERE channel = 'voice' AND next_claim_at <= now() ORDER BY next_claim_at LIMIT 200
            """)
        )

    assert "batch_pace_due" in str(plan)
    assert claimed(engine) == 1

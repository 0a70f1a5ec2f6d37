"""What an operator reads about a batch's schedule: before there is one, and while it stands still."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text
from typer.testing import Result

from tests.factories import (
    database_time,
    let_scan,
    make_attempt,
    make_batch,
    make_campaign,
    make_request,
)
from worker.domain.statuses import AttemptState, Channel, RequestStatus
from worker.domain.wire import stamp

Outreach = Callable[..., Result]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
AFTERWARDS = (RequestStatus.FAILED, RequestStatus.PENDING)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file of 150 people who can be reached, one of them twice, and one who can't."""
    numbers = [f"+1512555{n:04}" for n in range(150)]
    rows = [f"{n},{target}" for n, target in enumerate([*numbers, numbers[0], "x"])]
    file = tmp_path / "people.csv"
    file.write_text("\n".join(["reference_id,target", *rows, ""]), encoding="utf-8")
    return file


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line for line in result.stdout.splitlines() if line]


def stored(engine: Engine) -> int:
    with engine.begin() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM communication_batch")) or 0)


def attempts(drawn: list[str]) -> int:
    return sum(int(line.split()[-1]) for line in drawn if "█" in line)


def test_a_file_is_planned_without_storing_anything(
    engine: Engine, outreach: Outreach, people: Path
) -> None:
    campaign = make_campaign(engine, campaign_name="Late payments", hourly_rate=60)

    by_name = lines(outreach("batch", "plan", str(people), "--campaign", "Late payments"))
    by_id = lines(outreach("batch", "plan", str(people), "--campaign", str(campaign)))

    assert attempts(by_name) == attempts(by_id) == 150
    assert by_name[-1].startswith("finishes: about ")
    assert stored(engine) == 0


def test_a_file_is_planned_with_the_rates_it_would_have(
    engine: Engine, outreach: Outreach, people: Path
) -> None:
    campaign = str(make_campaign(engine))
    ends = stamp(database_time(engine) + 10 * HOUR)

    def planned(*options: str) -> list[str]:
        return lines(outreach("batch", "plan", str(people), "--campaign", campaign, *options))

    slow = planned("--call-rate", "10", "--expires-on", ends)
    paced = planned("--auto-call-rate", "--expires-on", ends)

    assert attempts(slow) in {99, 100}
    assert slow[-1].startswith(f"finishes: {150 - attempts(slow)} of 150 waiting requests will not")
    assert attempts(paced) == 150
    assert len([line for line in paced if "█" in line]) > 8


def test_a_file_whose_campaign_is_closed_now_says_so(
    engine: Engine, outreach: Outreach, people: Path
) -> None:
    today = database_time(engine).astimezone(UTC)
    closed = [(today + timedelta(days=days)).date().isoformat() for days in (-1, 0)]
    campaign = str(make_campaign(engine, holidays=closed))

    told = lines(outreach("batch", "plan", str(people), "--campaign", campaign))

    opening = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=1)
    assert f"not moving now: outside calling window until {opening:%a %d %b} 00:00 UTC" in told


MISTAKES: dict[str, tuple[list[str], str]] = {
    "a file without a campaign": (["FILE"], "is a file: name its campaign with --campaign"),
    "no file": (["none.csv", "--campaign", "C"], "can't read 'none.csv': No such file"),
    "no campaign": (["FILE", "--campaign", "X"], "there is no campaign 'X'"),
    "no batch": (["B"], "there is no batch 'B'"),
    "two files": (["FILE", "--campaign", "C", "--file", "FILE"], "leave out --file"),
    "a rate for a batch that has one": (["B", "--call-rate", "5"], "with --campaign"),
    "a rate that is none": (["FILE", "--campaign", "C", "--call-rate", "0"], "call_rate"),
    "a pace without an end": (
        ["FILE", "--campaign", "C", "--auto-call-rate"], "auto_call_rate: needs expires_on",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_what_can_not_be_planned_is_one_sentence(
    engine: Engine, outreach: Outreach, people: Path, arguments: list[str], sentence: str
) -> None:
    make_campaign(engine, campaign_name="C")

    told = outreach("batch", "plan", *(str(people) if a == "FILE" else a for a in arguments))

    assert told.exit_code == 1
    assert told.stderr.startswith("outreach: ")
    assert sentence in told.stderr


def make_work(engine: Engine, *, batch: dict[str, Any] | None = None, **values: Any) -> int:
    work = make_batch(
        engine, batch_id="B", campaign=make_campaign(engine, **values), **(batch or {})
    )
    for _ in range(3):
        make_request(engine, batch=work)
    return work


def explained(outreach: Outreach, **settings: str) -> list[str]:
    """What `batch show` says, which must be what it answers as JSON."""
    shown = lines(outreach("batch", "show", "B", **settings))
    answered = json.loads(outreach("batch", "show", "B", "--json", **settings).stdout)
    sentences: list[str] = answered["explanation"]
    assert shown[-len(sentences) :] == sentences
    return sentences


def test_a_batch_that_moves_says_when_it_finishes(engine: Engine, outreach: Outreach) -> None:
    make_work(engine, batch={"call_rate": 3600})
    assert all("nothing is scanning" in one for one in explained(outreach))
    assert json.loads(outreach("batch", "show", "B", "--json").stdout)["finishes_at"] is None
    let_scan(engine)

    [sentence] = explained(outreach)
    shown = json.loads(outreach("batch", "show", "B", "--json").stdout)

    assert sentence.startswith("finishes: about ")
    at = datetime.fromisoformat(shown["finishes_at"])
    assert timedelta(0) < at - database_time(engine) < timedelta(minutes=1)


def test_a_batch_with_nothing_to_do_has_nothing_to_explain(
    engine: Engine, outreach: Outreach
) -> None:
    make_batch(engine, batch_id="B")

    shown = json.loads(outreach("batch", "show", "B", "--json").stdout)

    assert (shown["explanation"], shown["finishes_at"]) == ([], None)


def test_a_batch_that_can_not_finish_says_so_before_it_begins(
    engine: Engine, outreach: Outreach
) -> None:
    make_work(engine, batch={"auto_call_rate": True, "expires_in": 5 * HOUR}, max_daily_calls=1)
    let_scan(engine)

    *_, sentence = explained(outreach)

    assert " of 3 waiting requests will not be attempted before " in sentence


def test_what_waits_for_later_is_not_finished_before(engine: Engine, outreach: Outreach) -> None:
    wait(engine)
    let_scan(engine)

    shown = json.loads(outreach("batch", "show", "B", "--json").stdout)

    assert datetime.fromisoformat(shown["finishes_at"]) > database_time(engine) + HOUR


def test_the_pace_is_what_has_gone_out_lately(engine: Engine, outreach: Outreach) -> None:
    batch = make_work(engine, batch={"call_rate": 3600})
    for _ in range(21):
        make_attempt(engine, request=make_request(engine, batch=batch))
    with engine.begin() as connection:
        began = "UPDATE attempt SET began_at = clock_timestamp() - id % 21 * interval '20 seconds'"
        connection.execute(text(began))
    for _ in range(57):
        make_request(engine, batch=batch)
    let_scan(engine)

    shown = json.loads(outreach("batch", "show", "B", "--json").stdout)

    took = datetime.fromisoformat(shown["finishes_at"]) - database_time(engine)
    assert timedelta(minutes=15) < took < timedelta(minutes=25), "three a minute, of 60 that wait"


def pause(engine: Engine) -> None:
    make_work(engine, batch={"paused": True})


def close(engine: Engine) -> None:
    today = database_time(engine)
    make_work(engine, holidays=[(today + timedelta(days=n)).date().isoformat() for n in (-1, 0)])


def use_up(engine: Engine) -> None:
    work = make_work(engine, max_daily_calls=1)
    make_attempt(engine, request=make_request(engine, batch=work))


def halt(engine: Engine) -> None:
    make_work(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO halt (scope, key, reason, halted_by)"
                " VALUES ('channel', 'voice', 'wrong template', 'ana@example.com')"
            )
        )


def call(engine: Engine) -> None:
    make_work(engine)
    make_attempt(engine)


def wait(engine: Engine) -> None:
    batch = make_batch(engine, batch_id="B", channel=Channel.SMS)
    make_request(engine, batch=batch, due_in=2 * HOUR)


STANDING_STILL: dict[str, tuple[Callable[[Engine], None], str]] = {
    "paused": (pause, "paused by ana@example.com"),
    "closed": (close, "outside calling window until "),
    "capped": (use_up, "daily cap 1 reached"),
    "halted": (halt, "halted: wrong template"),
    "every call in use": (call, "all 1 concurrent calls are in use"),
    "nothing due": (wait, "nothing is due until "),
}


@pytest.mark.parametrize(("arrange", "why"), STANDING_STILL.values(), ids=STANDING_STILL)
def test_a_batch_that_stands_still_says_why(
    engine: Engine, outreach: Outreach, arrange: Callable[[Engine], None], why: str
) -> None:
    arrange(engine)
    let_scan(engine)

    sentence, *_ = explained(outreach, VOICE_CONCURRENT="1")

    assert sentence.startswith(f"not moving now: {why}")


def test_an_upload_that_can_not_be_finished_in_time_is_told_at_once(
    engine: Engine, outreach: Outreach, people: Path
) -> None:
    let_scan(engine)
    campaign = make_campaign(engine, max_daily_calls=10)
    make_batch(engine, batch_id="B", campaign=campaign, auto_call_rate=True, expires_in=3 * HOUR)
    make_batch(engine, batch_id="C", auto_call_rate=True, expires_in=3 * HOUR)

    late = lines(outreach("batch", "upload", "B", str(people)))
    in_time = lines(outreach("batch", "upload", "C", str(people)))

    assert " of 150 waiting requests will not be attempted before " in late[-1]
    assert late[-1].startswith("warning: ")
    assert not any("warning" in line for line in in_time)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Two numbers of no country, two premium-rate ones, one that is none, and one to call."""
    targets = ("+80012345678", "+80012345679", "+19005551234", "+19005551235", "x", "+15125550100")
    file = tmp_path / "mixed.csv"
    rows = [f"{n},{target}" for n, target in enumerate(targets)]
    file.write_text("\n".join(["reference_id,target", *rows, ""]), encoding="utf-8")
    return file


NEVER = [
    "never contacted: 2: premium-rate numbers are contacted only where the campaign has allow_costly_numbers",
    "never contacted: 1: target is not a phone number",
    "never contacted: 2: their numbers tell no time zone, and recipient_hours is on",
]


def test_who_is_never_contacted_is_counted_with_the_reason_before_and_after_the_upload(
    engine: Engine, outreach: Outreach, mixed: Path
) -> None:
    campaign = make_campaign(engine, campaign_name="Calls", recipient_hours=True)
    make_batch(engine, batch_id="B", campaign=campaign)

    planned = lines(outreach("batch", "plan", str(mixed), "--campaign", "Calls"))
    uploaded = lines(outreach("batch", "upload", "B", str(mixed)))
    shown = lines(outreach("batch", "show", "B"))
    told = json.loads(outreach("batch", "show", "B", "--json").stdout)

    for told_by in (planned, uploaded, shown):
        assert [line for line in told_by if line.startswith("never")] == NEVER
    assert [(one["requests"], one["why"][:16]) for one in told["never_contacted"]] == [
        (2, "premium-rate num"),
        (1, "target is not a "),
        (2, "their numbers te"),
    ]


def test_what_is_said_of_a_country_is_shown_once_for_it(engine: Engine, outreach: Outreach) -> None:
    batch = make_batch(engine, batch_id="B")
    for n, (address, code) in enumerate(
        [("+33612345678", "21408"), ("+33612345679", "21408"), ("+14165550100", "21612")]
    ):
        make_request(
            engine,
            batch=batch,
            reference_id=str(n),
            address=address,
            status=RequestStatus.FAILED,
            error_code=code,
        )

    told = [line for line in lines(outreach("batch", "show", "B")) if line.startswith("refused")]

    assert told == [
        "refused by destination: 2 to FR: the country is not enabled for this Twilio account (21408)",
        "refused by destination: 1 to CA: this source can't reach numbers there (21612)",
    ]


def finishes(outreach: Outreach) -> datetime:
    return datetime.fromisoformat(
        json.loads(outreach("batch", "show", "B", "--json").stdout)["finishes_at"]
    )


def test_whose_own_hours_are_still_to_come_is_not_finished_before(
    engine: Engine, outreach: Outreach, tmp_path: Path
) -> None:
    """Whether they were looked at already or not, and of a file that is only planned."""
    here = database_time(engine).astimezone(ZoneInfo("America/Chicago"))
    begins = here + 3 * HOUR
    hours: dict[str, Any] = {
        "recipient_start_time": begins.time().replace(microsecond=0),
        "recipient_end_time": (begins + 2 * HOUR).time().replace(microsecond=0),
    }
    campaign = make_campaign(engine, campaign_name="C", recipient_hours=True, **hours)
    batch = make_batch(engine, batch_id="B", campaign=campaign)
    make_request(engine, batch=batch, address="+15125550101")
    file = tmp_path / "one.csv"
    file.write_text("reference_id,target\n1,+15125550101\n", encoding="utf-8")
    let_scan(engine)

    planned = lines(outreach("batch", "plan", str(file), "--campaign", "C"))

    assert finishes(outreach) >= begins - MINUTE
    [bar] = [line for line in planned if "█" in line]
    assert f"{begins.astimezone(UTC):%a %d %b %H:}" in bar


def test_retries_are_foreseen_as_they_have_come_lately(engine: Engine, outreach: Outreach) -> None:
    """Of 20 attempts that ended ten wait to be tried again, two hours later."""
    batch = make_work(engine, batch={"call_rate": 3600})
    for n in range(20):
        request = make_request(engine, batch=batch)
        make_attempt(engine, request=request, state=AttemptState.REFUSED, status=AFTERWARDS[n % 2])
    with engine.begin() as connection:
        later = """
            UPDATE queue SET due_at = clock_timestamp() + interval '2 hours'
            WHERE request IN (SELECT request FROM attempt)
        """
        connection.execute(text(later))
    let_scan(engine)

    took = finishes(outreach) - database_time(engine)

    assert 6 * HOUR < took < 13 * HOUR, "eleven in two hours, half as many in four, and so on"


def test_batch_plan_and_request_tell_the_same_moment_in_one_zone(
    engine: Engine, outreach: Outreach
) -> None:
    today = database_time(engine)
    closed = [(today + timedelta(days=n)).date().isoformat() for n in (-1, 0, 1)]
    make_work(engine, holidays=closed, timezone="Asia/Tokyo")
    let_scan(engine)

    def told(*asked: str, **settings: str) -> set[str]:
        found = re.findall(r'until (\w{3} [^;"\n]+)', outreach(*asked, **settings).stdout)
        return {one.strip() for one in found}

    [reference] = references(engine)[:1]
    for settings in ({}, {"DISPLAY_ZONE": "America/New_York"}):
        by_batch = told("batch", "show", "B", **settings)
        assert by_batch == told("batch", "plan", "B", **settings)
        assert by_batch == told("request", "show", "B", reference, **settings)
        [moment] = by_batch
        assert moment.endswith(settings.get("DISPLAY_ZONE", "UTC"))
    [by_json] = told("batch", "show", "B", "--json")
    assert "Asia/Tokyo" in by_json


def references(engine: Engine) -> list[str]:
    with engine.begin() as connection:
        return list(connection.scalars(text("SELECT reference_id FROM communication_request")))

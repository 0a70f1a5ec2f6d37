"""Who steers is told what was found, and why nothing has changed where nothing has."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from re import sub
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text
from typer.testing import Result

from tests.factories import HOUR, database_time, make_batch, make_campaign, make_request
from worker.desk.batches import show_batch

Outreach = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("durable")


def timeless(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return sub(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", result.stdout).splitlines()


def test_a_second_halt_says_who_was_first_and_why(outreach: Outreach) -> None:
    assert timeless(outreach("halt", "--all", "--reason", "wrong words")) == ["halted: all"]

    again = timeless(
        outreach("halt", "--all", "--reason", "other words", "--as", "ben@example.com")
    )

    assert again == [
        "was halted already, nothing changed: all, by ana@example.com since TIME: wrong words",
        "Times are in UTC.",
    ]


def test_a_resume_says_what_is_halted_still(outreach: Outreach) -> None:
    outreach("halt", "--all", "--reason", "a")
    outreach("halt", "--channel", "sms", "--reason", "b")

    assert timeless(outreach("resume", "--channel", "voice")) == [
        "was not halted, nothing changed: channel voice",
        "still halted: all, by ana@example.com since TIME: a",
        "still halted: channel sms, by ana@example.com since TIME: b",
        "Times are in UTC.",
    ]
    assert timeless(outreach("resume", "--all"))[:2] == [
        "resumed: all",
        "still halted: channel sms, by ana@example.com since TIME: b",
    ]
    assert timeless(outreach("resume", "--channel", "sms")) == ["resumed: channel sms"]


def test_a_source_rests_by_hand_and_is_resumed(outreach: Outreach) -> None:
    named = ("--channel", "sms", "--source", "+15125550100")

    assert timeless(outreach("halt", *named)) == ["halted: source sms@main:+15125550100"]
    assert timeless(outreach("resume", *named)) == ["resumed: source sms@main:+15125550100"]

    refused = outreach("halt", "--all", "--source", "+15125550100")
    assert (refused.exit_code, "name the --channel" in refused.stderr) == (1, True)


def test_a_second_pause_changes_nothing_and_says_so(outreach: Outreach, engine: Engine) -> None:
    make_request(engine, batch=make_batch(engine, batch_id="B"))
    assert timeless(outreach("batch", "pause", "B")) == ["batch B: PAUSED"]

    again = timeless(outreach("batch", "pause", "B", "--as", "ben@example.com"))

    assert again == [
        "batch B: PAUSED (it was paused already, nothing changed; last touched by ana@example.com)"
    ]
    assert show_batch(engine, "B").facts.last_updated_by == "ana@example.com"
    assert timeless(outreach("batch", "resume", "B"))[0] == "batch B: PENDING"


def test_a_resume_of_what_runs_says_so_and_why_it_stands_still(
    outreach: Outreach, engine: Engine
) -> None:
    make_request(engine, batch=make_batch(engine, batch_id="B"))
    outreach("halt", "--all", "--reason", "wrong words")

    assert timeless(outreach("batch", "resume", "B")) == [
        "batch B: PENDING (it was not paused, nothing changed)",
        "not moving now: halted: wrong words",
    ]


def test_a_pause_of_what_is_at_its_end_says_that_nothing_waits(
    outreach: Outreach, engine: Engine
) -> None:
    make_batch(engine, batch_id="over", expires_in=-HOUR)
    ended = make_batch(engine, batch_id="ended")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE communication_batch SET finished_at = clock_timestamp() WHERE id = :id"),
            {"id": ended},
        )

    over, done = outreach("batch", "pause", "over"), outreach("batch", "pause", "ended")

    assert timeless(over) == ["batch over: EXPIRED (nothing of it waits)"]
    assert timeless(done) == ["batch ended: PAUSED, finished (nothing of it waits)"]


def test_a_second_deletion_says_who_was_first_and_why(outreach: Outreach, engine: Engine) -> None:
    make_batch(engine, batch_id="B")
    delete = ("batch", "delete", "B", "--reason")
    assert timeless(outreach(*delete, "wrong list")) == ["batch B: CANCELED"]

    assert timeless(outreach(*delete, "another", "--as", "ben@example.com")) == [
        "batch B: CANCELED (it was deleted already, nothing changed; by ana@example.com: wrong list)"
    ]


def test_what_is_no_batch_or_deleted_is_refused(outreach: Outreach, engine: Engine) -> None:
    make_batch(engine, batch_id="B")
    outreach("batch", "delete", "B", "--reason", "x")

    for command in ("pause", "resume"):
        assert outreach("batch", command, "none").stderr == "outreach: there is no batch 'none'\n"
        assert outreach("batch", command, "B").stderr == "outreach: batch 'B' was deleted\n"


def test_a_database_that_is_accepted_is_told_as_such(outreach: Outreach, broker_url: str) -> None:
    told = outreach("resume", "--after-restore", BROKER_URL=broker_url)

    assert told.stdout.startswith("this database is the one to send from, from now on; ")
    assert "nothing changed" not in told.stdout
    outreach("halt", "--all")
    again = outreach("resume", "--after-restore", BROKER_URL=broker_url)
    assert again.stdout.endswith("; resumed: all\n")


def test_an_archive_of_nothing_says_so(outreach: Outreach, tmp_path: Path) -> None:
    told = outreach("batch", "archive", "--older-than", "90d", "--to", str(tmp_path))
    for_scripts = outreach(
        "batch", "archive", "--older-than", "90d", "--to", str(tmp_path), "--json"
    )

    assert told.stdout == "nothing to archive: no batch finished 90d ago or earlier\n"
    assert (for_scripts.exit_code, for_scripts.stdout) == (0, "")


def test_a_start_is_typed_by_the_clocks_of_the_campaign(outreach: Outreach, engine: Engine) -> None:
    make_campaign(engine, campaign_name="reminder", timezone="America/New_York")
    named = ("--campaign", "reminder", "--expires-on", "2099-11-22 18:00")

    outreach("batch", "create", "B", *named, "--starts-at", "2099-11-22 8:00")
    facts = show_batch(engine, "B").facts
    assert facts.starts_at == datetime(2099, 11, 22, 13, tzinfo=UTC)
    assert facts.expires_on == datetime(2099, 11, 22, 23, tzinfo=UTC)

    moved = outreach("batch", "update", "B", "--starts-at", "tomorrow 8:00")
    assert timeless(moved) == ["batch B: PENDING"]
    starts = show_batch(engine, "B").facts.starts_at
    assert starts is not None
    here = starts.astimezone(ZoneInfo("America/New_York"))
    today = database_time(engine).astimezone(here.tzinfo).date()
    assert (here.date() - today, here.time()) == (timedelta(days=1), time(8))

    outreach("batch", "update", "B", "--starts-at", "none")
    assert show_batch(engine, "B").facts.starts_at is None
    for wrong in ("soon", "2099-11-22 19:00"):
        refused = outreach("batch", "update", "B", "--starts-at", wrong)
        assert refused.exit_code == 1
        assert "starts_at: must" in refused.stderr

"""What an operator reads in a terminal of eighty columns, in one zone; and what a script gets."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from sqlalchemy import Engine, text
from typer.testing import Result

from tests.factories import make_attempt, make_batch, make_campaign, make_request
from worker.domain.statuses import AttemptState, Channel

Outreach = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("durable")
STEERING = "\x1b[2J\x1b]0;x\x07\u202egone\x9b1m\r\nforged: all is well"
SAFE = "�[2J�]0;x��gone�1m� forged: all is well"


@pytest.fixture
def narrow(outreach: Outreach) -> Outreach:
    """The command in a terminal of the usual width."""
    return lambda *arguments: outreach(*arguments, COLUMNS="80")


@pytest.fixture
def lived(engine: Engine) -> None:
    """A batch with a long past, full of what strangers wrote."""
    campaign = make_campaign(engine, campaign_name=f"Late {STEERING}", channel=Channel.SMS)
    batch = make_batch(engine, campaign=campaign, batch_id="B", upload_filename=f"{STEERING}.csv")
    request = make_request(
        engine,
        batch=batch,
        reference_id=f"R {STEERING}",
        target=f"+1 {STEERING}",
        request_variables={f"n {STEERING}": STEERING},
        error_message=f"the provider says {STEERING} and much more than a line of a terminal holds",
    )
    make_attempt(engine, request=request, state=AttemptState.DONE, sid="SM" + "5a" * 16)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO halt (scope, key, reason, halted_by) VALUES ('channel', 'sms', :r, 'x')"),
            {"r": STEERING},
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO dead_letter (kind, reason, payload) VALUES ('message', :r, :r)"),
            {"r": STEERING},
        )


READ = [
    ("batch", "list"),
    ("batch", "show", "B"),
    ("batch", "results", "B"),
    ("campaign", "list"),
    ("campaign", "show", "1"),
    ("request", "show", "B", f"R {STEERING}"),
    ("find", "B"),
    ("find", f"R {STEERING}"),
    ("dead-letters", "list", "--reveal"),
    ("dead-letters", "show", "1", "--reveal"),
    ("attempts",),
    ("audit", "list"),
    ("key", "list"),
    ("suppress", "list"),
    ("messages", "list"),
    ("batch", "plan", "B"),
]
WHOLE = [
    *READ,
    ("batch", "results", "B", "--json"),
    ("campaign", "show", "1", "--json"),
    ("campaign", "update", "1", "--set", "retry_count=1"),
]


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("command", READ, ids=lambda command: " ".join(command[:2]))
def test_a_screen_is_no_wider_than_its_terminal_and_names_its_zone_once(
    narrow: Outreach, command: tuple[str, ...]
) -> None:
    told = narrow("--zone", "Asia/Tokyo", *command)

    assert told.exit_code == 0, told.output
    assert max(map(cell_len, told.stdout.splitlines())) <= 80
    times = sum("20" in line and ":" in line for line in told.stdout.splitlines())
    assert told.stdout.count("Times are in Asia/Tokyo.") == (1 if times else 0)


def forged_lines(told: Result) -> list[str]:
    """Lines that look like ours and are not."""
    return [one for one in (told.stdout + told.stderr).splitlines() if one.startswith("forged")]


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("command", WHOLE, ids=" ".join)
def test_nothing_that_strangers_wrote_steers_the_terminal(
    outreach: Outreach, command: tuple[str, ...]
) -> None:
    told = outreach(*command)

    assert told.exit_code == 0, told.output
    assert all(char.isprintable() or char == "\n" for char in told.stdout + told.stderr)
    assert not forged_lines(told)


def test_an_error_that_quotes_what_was_typed_steers_nothing(outreach: Outreach) -> None:
    for command in (("batch", "show", STEERING), ("batch", STEERING), ("halt", f"--{STEERING}")):
        told = outreach(*command)

        assert told.exit_code != 0
        assert told.stderr.count("\n") == 1
        assert all(char.isprintable() or char == "\n" for char in told.stderr)


def test_words_of_another_operator_look_like_no_line_of_ours(outreach: Outreach) -> None:
    make = ("--reason", f"storm {STEERING}", "--as", "ana@example.com")
    told = [outreach("halt", "--channel", "sms", *make), outreach("halt", "--channel", "sms")]
    told += [outreach("resume", "--all"), outreach("audit", "list"), outreach("doctor")]

    assert [one for each in told for one in forged_lines(each)] == []
    assert f"storm {SAFE}" in told[2].stdout.replace("\n", " ")


@pytest.mark.usefixtures("lived")
def test_json_and_csv_hold_what_was_written(outreach: Outreach) -> None:
    [told] = map(json.loads, outreach("batch", "results", "B", "--json").stdout.splitlines())

    assert told["reference_id"] == f"R {STEERING}"
    told_csv = outreach("batch", "results", "B", "--csv").stdout
    assert STEERING.replace("\r\n", "\n") in told_csv  # as the runner reads lines


def test_a_csv_has_a_column_for_every_variable_of_any_file(
    engine: Engine, outreach: Outreach
) -> None:
    batch = make_batch(engine, batch_id="B", channel=Channel.SMS)
    for name, variables in (("1", {"name": "Ana", "=cmd": "=1+1"}), ("2", {"error_code": "mine"})):
        make_request(engine, batch=batch, reference_id=name, request_variables=variables)

    rows = list(csv.DictReader(StringIO(outreach("batch", "results", "B", "--csv").stdout)))

    assert list(rows[0])[2:6] == ["target", "'=cmd", "request_variables.error_code", "name"]
    assert "request_variables" not in rows[0]
    assert [row["name"] for row in rows] == ["Ana", ""]
    assert rows[0]["'=cmd"] == "'=1+1"
    assert [row["request_variables.error_code"] for row in rows] == ["", "mine"]
    assert [row["error_code"] for row in rows] == ["", ""]


def test_a_batch_at_its_end_is_told_from_one_that_runs(engine: Engine, outreach: Outreach) -> None:
    campaign = make_campaign(engine)
    for name, ended in (("runs", False), ("ended", True)):
        batch = make_batch(engine, campaign=campaign, batch_id=name)
        make_attempt(
            engine,
            request=make_request(engine, batch=batch),
            state=AttemptState.DONE,
        )
        if ended:
            with engine.begin() as connection:
                connection.execute(
                    text("UPDATE communication_batch SET finished_at = clock_timestamp() WHERE id = :id"),
                    {"id": batch},
                )  # fmt: skip

    listed = outreach("batch", "list").stdout

    assert "ended     ACTIVE, finished" in listed
    assert "runs      ACTIVE  " in listed
    assert "Batch ended · ACTIVE, finished" in outreach("batch", "show", "ended").stdout
    assert "Batch runs · ACTIVE\n" in outreach("batch", "show", "runs").stdout


def test_a_list_goes_on_where_the_last_page_ended(engine: Engine, outreach: Outreach) -> None:
    campaign = make_campaign(engine)
    for name in ("a", "b", "c"):
        make_batch(engine, campaign=campaign, batch_id=name)

    first = outreach("batch", "list", "--limit", "2")
    rest = outreach("batch", "list", "--limit", "2", "--before", "b", "--json")

    assert "There are more: outreach batch list --before b\n" in first.stdout
    assert [one["batch_id"] for one in json.loads(rest.stdout)] == ["a"]


@pytest.mark.parametrize(
    ("since", "found"),
    [("1h", 1), ("2d", 1), ("2099-01-01", 0), ("2020-01-01T00:00:00Z", 1), ("2099-01-01T00:00:00+02:00", 0)],
)  # fmt: skip
def test_a_list_begins_at_a_day_a_time_or_so_long_ago(
    engine: Engine, outreach: Outreach, since: str, found: int
) -> None:
    make_batch(engine)

    told = outreach("batch", "list", "--since", since, "--json")

    assert len(json.loads(told.stdout)) == found


@pytest.mark.parametrize("since", ["yesterday", "7", "2026-11-01T09:00:00", "7w", ""])
def test_a_beginning_that_is_none_is_one_sentence(outreach: Outreach, since: str) -> None:
    told = outreach("batch", "list", "--since", since)

    assert told.exit_code == 1
    assert told.stderr.startswith("outreach: --since: must be a day, how long ago or a time")


def test_a_zone_is_a_setting_or_an_option(outreach: Outreach, engine: Engine) -> None:
    make_batch(engine)

    by_setting = outreach("batch", "list", DISPLAY_ZONE="Europe/Berlin")
    by_option = outreach("--zone", "Asia/Tokyo", "batch", "list", DISPLAY_ZONE="Europe/Berlin")
    wrong = outreach("--zone", "Nowhere", "batch", "list")

    assert "Times are in Europe/Berlin." in by_setting.stdout
    assert "Times are in Asia/Tokyo." in by_option.stdout
    assert "--zone must be an IANA time zone" in wrong.stderr


def test_wide_shows_what_a_narrow_terminal_leaves_out(
    engine: Engine, narrow: Outreach, tmp_path: Path
) -> None:
    batch = make_batch(engine, batch_id="B", channel=Channel.SMS)
    make_attempt(
        engine, request=make_request(engine, batch=batch), state=AttemptState.DONE, sid="SM1"
    )

    told, whole = narrow("batch", "results", "B"), narrow("batch", "results", "B", "--wide")

    assert "call_manager_sid" in told.stdout.splitlines()[-1]
    assert "Not shown" not in whole.stdout
    assert "SM1" in whole.stdout

"""The operator's command against a real database: what works, and what fails in one sentence."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from worker.cli.main import app
from worker.desk.tallies import add_tallies

Outreach = Callable[..., Result]
CAMPAIGN = {
    "campaign_name": "Late payments",
    "mode": "sms",
    "source": "+15125550100",
    "body": "Hello {{ name }}",
}
ROWS = (
    "reference_id,target,name\n1,+15125550101,Ana\n2,+15125550102,=1+1\n3,+15125550101,Ana\n3,x,x\n"
)

pytestmark = pytest.mark.usefixtures("durable")


@pytest.fixture
def late(outreach: Outreach, tmp_path: Path) -> Path:
    """A campaign, its empty batch B, and a CSV file for it."""
    fields = tmp_path / "campaign.json"
    fields.write_text(json.dumps(CAMPAIGN), encoding="utf-8")
    assert outreach("campaign", "create", str(fields)).exit_code == 0
    assert outreach("batch", "create", "B", "--campaign", "Late payments").exit_code == 0
    rows = tmp_path / "late.csv"
    rows.write_text(ROWS, encoding="utf-8")
    return rows


def test_a_campaign_is_made_from_a_file_and_options(outreach: Outreach, tmp_path: Path) -> None:
    fields = tmp_path / "campaign.json"
    fields.write_text(json.dumps(CAMPAIGN), encoding="utf-8")

    created = outreach("campaign", "create", str(fields), "--set", "active_days=mon,tue")
    updated = outreach("campaign", "update", "Late payments", "-s", "retry_count=2")

    assert (created.exit_code, updated.exit_code) == (0, 0), created.output + updated.output
    shown = json.loads(outreach("campaign", "show", "Late payments", "--json").stdout)
    assert (shown["active_days"], shown["retry_count"]) == (["mon", "tue"], 2)
    assert shown["last_updated_by"] == "ana@example.com"
    listed = json.loads(outreach("campaign", "list", "--json").stdout)
    assert listed == [shown]
    assert "Late payments" in outreach("campaign", "list").stdout
    assert "Hello {{ name }}" in outreach("campaign", "show", "1").stdout


def test_an_upload_says_what_became_of_the_rows(outreach: Outreach, late: Path) -> None:
    told = outreach("batch", "upload", "B", str(late))

    assert told.exit_code == 0, told.output
    assert "reference_id was used on line 4" in told.stdout
    again = json.loads(outreach("batch", "upload", "B", str(late), "--json").stdout)
    assert (again["stored"], again["known"], again["refused_count"]) == (0, 3, 1)


def test_the_same_file_again_says_that_nothing_has_changed(outreach: Outreach, late: Path) -> None:
    first = outreach("batch", "upload", "B", str(late))
    again = outreach("batch", "upload", "B", str(late))

    assert "Nothing has changed" not in first.stdout
    assert "Nothing has changed: the batch has these rows already." in again.stdout


def test_the_bad_rows_go_into_a_file(outreach: Outreach, late: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"

    told = outreach("batch", "upload", "B", str(late), "--report", str(bad))

    assert told.exit_code == 0, told.output
    with bad.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert rows == [
        {"line": "5", "column": "target", "reason": "target is not a phone number"},
        {"line": "5", "column": "reference_id", "reason": "reference_id was used on line 4"},
    ]


@pytest.mark.parametrize(
    ("report", "why"),
    [
        pytest.param("late.csv", "it is the file to upload", id="itself"),
        pytest.param("none/bad.csv", "No such file or directory", id="no-folder"),
    ],
)
def test_a_report_that_can_not_be_written_is_said_before_anything_is_stored(
    outreach: Outreach, late: Path, report: str, why: str
) -> None:
    path = late.parent / report

    told = outreach("batch", "upload", "B", str(late), "--report", str(path))

    assert (told.exit_code, told.stderr) == (1, f"outreach: can't write {str(path)!r}: {why}\n")
    assert outreach("batch", "results", "B", "--json").stdout == ""
    assert late.read_text(encoding="utf-8") == ROWS


def test_no_progress_is_drawn_where_nobody_looks(outreach: Outreach, late: Path) -> None:
    assert outreach("batch", "upload", "B", str(late)).stderr == ""


def test_a_batch_is_steered_and_read(outreach: Outreach, late: Path) -> None:
    outreach("batch", "upload", "B", str(late))

    assert "PAUSED" in outreach("batch", "pause", "B").stdout
    assert "PENDING" in outreach("batch", "resume", "B", "--as", "ben@example.com").stdout
    assert outreach("batch", "update", "B", "--call-rate", "60").exit_code == 0
    shown = json.loads(outreach("batch", "show", "B", "--json").stdout)
    assert shown["status_counts"] == {"DUPLICATE": 1, "PENDING": 2}
    assert (shown["call_rate"], shown["upload_filename"]) == (60, "late.csv")
    assert "2 not final yet" in outreach("batch", "show", "B").stdout
    assert "B" in outreach("batch", "list").stdout
    [listed] = json.loads(outreach("batch", "list", "--json").stdout)
    assert listed == {name: shown[name] for name in listed}


def test_a_setting_of_a_batch_is_cleared_by_the_word_none(outreach: Outreach, late: Path) -> None:
    outreach("batch", "update", "B", "--call-rate", "60", "--expires-on", "2099-01-01T00:00:00Z")

    outreach("batch", "update", "B", "--call-rate", "none", "--expires-on", "none")

    shown = json.loads(outreach("batch", "show", "B", "--json").stdout)
    assert (shown["call_rate"], shown["expires_on"]) == (None, None)


def test_a_deleted_batch_says_so(outreach: Outreach, late: Path) -> None:
    assert "CANCELED" in outreach("batch", "delete", "B", "--reason", "User request").stdout
    refused = outreach("batch", "upload", "B", str(late))

    assert (refused.exit_code, refused.stderr) == (1, "outreach: batch 'B' was deleted\n")


def test_results_come_as_table_csv_and_json_lines(outreach: Outreach, late: Path) -> None:
    outreach("batch", "upload", "B", str(late))

    table = outreach("batch", "results", "B").stdout
    rows = list(csv.DictReader(StringIO(outreach("batch", "results", "B", "--csv").stdout)))
    lines = outreach("batch", "results", "B", "--json", "--status", "PENDING").stdout.splitlines()

    assert "DUPLICATE" in table
    assert [row["reference_id"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["target"] == "+15125550101"
    assert [json.loads(line)["request_variables"] for line in lines] == [
        {"name": "Ana"},
        {"name": "=1+1"},
    ]


@pytest.mark.parametrize(("named", "mark"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
def test_results_for_excel_say_that_they_are_utf_8_and_run_nothing(
    outreach: Outreach, late: Path, named: str, mark: str
) -> None:
    late.write_text(
        "reference_id,target\n=1+1,+15125550101\n\uff1d2,x\né,+15125550102\n", encoding="utf-8"
    )
    outreach("batch", "upload", "B", str(late))

    written = outreach("batch", "results", "B", "--excel", "--separator", named).stdout_bytes

    assert written.startswith(b"\xef\xbb\xbfbatch_id")
    rows = list(csv.DictReader(StringIO(written.decode("utf-8-sig")), delimiter=mark))
    assert {row["reference_id"] for row in rows} == {"'=1+1", "'\uff1d2", "é"}
    assert {row["target"] for row in rows} == {"+15125550101", "+15125550102", "x"}


def test_a_request_tells_its_history(outreach: Outreach, late: Path) -> None:
    outreach("batch", "upload", "B", str(late))

    assert "ingest" in outreach("request", "show", "B", "1").stdout
    history = json.loads(outreach("request", "show", "B", "1", "--json").stdout)["history"]
    assert [(moment["what"], moment["why"]) for moment in history] == [("PENDING", "ingest")]


def test_a_watch_of_a_batch_with_nothing_open_ends(outreach: Outreach, late: Path) -> None:
    late.write_text("reference_id,target\n1,not a number\n", encoding="utf-8")
    outreach("batch", "upload", "B", str(late))

    watched = outreach("batch", "watch", "B")

    assert watched.exit_code == 0, watched.output
    assert "INVALID" in watched.stdout


def test_the_database_is_migrated_and_says_so(outreach: Outreach) -> None:
    upgraded = outreach("db", "upgrade")

    assert (upgraded.exit_code, outreach("db", "status").exit_code) == (0, 0), upgraded.output
    assert "the newest" in upgraded.stdout


def test_the_doctor_says_what_to_do_and_shows_no_secret(outreach: Outreach) -> None:
    told = outreach("doctor")

    assert told.exit_code == 1
    assert "start the broker, or correct BROKER_URL" in told.stdout
    assert "PostgreSQL" in told.stdout
    for secret in ("token-under-test", "key-under-test", "flower:under-test"):
        assert secret not in told.output


def test_the_doctor_says_where_to_point_twilio_until_a_text_came_in(
    outreach: Outreach, engine: Engine
) -> None:
    assert "http://127.0.0.1:8/callbacks/sms/inbound" in outreach("doctor").stdout

    add_tallies(engine, {"text:STOP": 2, "text:NOTHING": 1, "refused:signature": 5})

    told = outreach("doctor").stdout
    assert "3 came in" in told
    assert "/callbacks/sms/inbound" not in told


def test_the_doctor_of_a_database_that_is_away_goes_on_to_the_broker(outreach: Outreach) -> None:
    told = outreach("doctor", DATABASE_URL="postgresql://me:hidden@127.0.0.1:1/none")

    assert told.exit_code == 1
    assert "start PostgreSQL, or correct DATABASE_URL" in told.stdout
    assert "BROKER_URL" in told.stdout
    assert "hidden" not in told.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("batch", "show", "X"), "there is no batch 'X'"),
        (("batch", "results", "X"), "there is no batch 'X'"),
        (("batch", "watch", "X"), "there is no batch 'X'"),
        (("batch", "upload", "X", __file__), "there is no batch 'X'"),
        (("batch", "upload", "X", "/nowhere.csv"), "can't read '/nowhere.csv': No such file"),
        (("batch", "upload", "X", "/"), "can't read '/': Is a directory"),
        (("batch", "create", "X", "--campaign", "none"), "there is no campaign 'none'"),
        (("batch", "update", "X", "--call-rate", "fast"), "call_rate: must be a whole number"),
        (("batch", "pause", "X", "--as", "me"), "--as (or OPERATOR_EMAIL) must be an email"),
        (("campaign", "show", "none"), "there is no campaign 'none'"),
        (("campaign", "create", "/nowhere.json"), "can't read '/nowhere.json': No such file"),
        (("request", "show", "X", "1"), "there is no batch 'X'"),
    ],
)
def test_what_an_operator_gets_wrong_is_one_sentence(
    outreach: Outreach, arguments: tuple[str, ...], sentence: str
) -> None:
    told = outreach(*arguments)

    assert told.exit_code == 1, told.output
    assert told.stderr.startswith(f"outreach: {sentence}")
    assert told.stderr.count("\n") == 1


def test_a_file_that_is_no_batch_is_one_sentence_with_its_line(
    outreach: Outreach, late: Path
) -> None:
    late.write_bytes("reference_id,target\n1,José\n".encode("latin-1"))

    told = outreach("batch", "upload", "B", str(late))

    assert told.exit_code == 1
    assert told.stderr.startswith("outreach: line 2: this is not UTF-8")
    assert "FAILED" in outreach("batch", "show", "B").stdout


def test_every_wrong_field_has_a_line_of_its_own(outreach: Outreach) -> None:
    told = outreach("campaign", "create", "-s", "mode=sms", "-s", "hourly_rate=0")

    assert told.exit_code == 1
    faults = [line.removeprefix("outreach: ").split(":")[0] for line in told.stderr.splitlines()]
    assert faults == ["campaign_name", "source", "hourly_rate"]


def test_somebody_must_have_done_it(outreach: Outreach) -> None:
    told = outreach("batch", "pause", "B", OPERATOR_EMAIL="")

    assert (told.exit_code, "--as EMAIL, or set OPERATOR_EMAIL" in told.stderr) == (1, True)


def test_a_database_that_is_away_is_one_sentence(outreach: Outreach) -> None:
    for arguments in (("batch", "list"), ("db", "status"), ("db", "upgrade")):
        told = outreach(*arguments, DATABASE_URL="postgresql://me:hidden@127.0.0.1:1/none")

        assert told.exit_code == 1
        assert told.stderr.startswith("outreach: the database is unavailable")
        assert told.stderr.count("\n") == 1
        assert "hidden" not in told.output


def test_a_database_without_our_tables_says_how_to_get_them(
    outreach: Outreach, database_url: str
) -> None:
    bare = f"{database_url.rpartition('/')[0]}/postgres"

    told = outreach("batch", "list", DATABASE_URL=bare)

    assert told.exit_code == 1
    assert "outreach db upgrade" in told.stderr
    assert told.stderr.count("\n") == 1


def test_all_wrong_settings_are_reported_together(environment: dict[str, str]) -> None:
    broken = environment | {"BROKER_URL": "http://x", "WEB_PORT": "many", "TWILIO_AUTH_TOKEN": ""}

    told = CliRunner().invoke(app, ["batch", "list"], env=broken)

    assert told.exit_code == 1
    named = {
        line.removeprefix("outreach: ").split()[0].strip(":") for line in told.stderr.splitlines()
    }
    assert named == {"DATABASE_URL", "BROKER_URL", "WEB_PORT", "TWILIO_AUTH_TOKEN"}


def test_help_needs_no_settings() -> None:
    told = CliRunner().invoke(app, ["--help"], env={})

    assert told.exit_code == 0
    for noun in ("campaign", "batch", "request", "doctor", "db", "demo"):
        assert noun in told.stdout

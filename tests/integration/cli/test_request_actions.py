"""Taking back, trying again, and leaving alone, by command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import Result

from tests.factories import make_attempt, make_batch, make_campaign, make_request, read_request
from worker.domain.statuses import AttemptState, Channel, RequestStatus

Outreach = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("durable")


@pytest.fixture
def failed(engine: Engine) -> int:
    """A request 1 that FAILED and a request 2 that waits, of batch B."""
    batch = make_batch(engine, batch_id="B")
    request = make_request(engine, batch=batch, reference_id="1")
    make_attempt(engine, request=request, state=AttemptState.REFUSED, status=RequestStatus.FAILED)
    make_request(engine, batch=batch, reference_id="2")
    return request


def test_what_waits_is_removed_and_what_is_unknown_is_counted_as_such(
    outreach: Outreach, failed: int
) -> None:
    told = outreach("batch", "remove", "B", "1", "2", "nine", "--json")

    assert json.loads(told.stdout) == {"asked": 3, "done": 1}
    shown = json.loads(outreach("request", "show", "B", "2", "--json").stdout)
    assert shown["request_status"] == "CANCELED"


@pytest.mark.parametrize(
    "command",
    [
        ("batch", "retry", "B", "--failed"),
        ("batch", "retry", "B", "1"),
        ("request", "retry", "B", "1"),
    ],
    ids=["all that failed", "named", "one request"],
)
def test_what_failed_is_tried_once_more(
    outreach: Outreach, engine: Engine, failed: int, command: tuple[str, ...]
) -> None:
    assert outreach(*command).exit_code == 0

    row = read_request(engine, failed)
    assert (row["request_status"], row["extra_attempts"]) == ("PENDING", 1)
    assert "queued again: 0" in outreach(*command).stdout


@pytest.mark.usefixtures("failed")
@pytest.mark.parametrize("more", [(), ("1", "--failed")], ids=["nothing", "both"])
def test_a_retry_of_everything_must_be_meant(outreach: Outreach, more: tuple[str, ...]) -> None:
    told = outreach("batch", "retry", "B", *more)

    assert told.exit_code == 1
    assert "--failed" in told.stderr


@pytest.mark.usefixtures("failed")
def test_nothing_of_a_deleted_batch_is_tried_again(outreach: Outreach) -> None:
    outreach("batch", "delete", "B", "--reason", "enough")

    told = outreach("batch", "retry", "B", "--failed")

    assert (told.exit_code, told.stderr.strip()) == (1, "outreach: batch 'B' was deleted")


def test_the_suppressed_are_added_listed_imported_and_removed(
    outreach: Outreach, tmp_path: Path
) -> None:
    assert outreach("suppress", "add", "sms", "+1 512 555 0188").exit_code == 0
    file = tmp_path / "leave-alone.txt"
    file.write_text("+15125550188\n+15125550199\nnobody\n", encoding="utf-8")

    told = outreach("suppress", "import", "sms", str(file), "--reason", "spam_report")

    assert told.exit_code == 1
    assert "line 3: target" in told.stderr
    assert "suppressed: 2" in told.stdout
    found = json.loads(outreach("suppress", "list", "--json").stdout)
    assert [(one["address"], one["suppress_reason"]) for one in found] == [
        ("+15125550199", "spam_report"),
        ("+15125550188", "spam_report"),
        ("+15125550188", "unsubscribed"),
    ]
    imported, added = (str(one["id"]) for one in found[1:])
    removed = outreach("suppress", "remove", imported, "--by", "bo@example.com", "--why", "a typo")
    assert removed.stdout == f"lifted\nstill suppressed on sms: {added}, operator\n"
    again = outreach("suppress", "remove", imported)
    assert again.stdout == "was lifted already, by bo@example.com\n"
    assert outreach("suppress", "remove", added).stdout == "lifted\n"
    assert len(json.loads(outreach("suppress", "list", "--channel", "sms", "--json").stdout)) == 1
    told = json.loads(outreach("suppress", "explain", "sms", "+15125550188", "--json").stdout)
    assert [(one["source"], one["lifted_by"], one["lifted_why"]) for one in told] == [
        ("operator", "ana@example.com", None),
        ("import", "bo@example.com", "a typo"),
    ]
    assert "bo@example.com" in outreach("suppress", "explain", "sms", "+15125550188").stdout


EXCEL_LISTS = {
    "a plain list": b"+15125550188\n+15125550199\n",
    "empty lines between": b"\n+15125550188\r\n\r\n \n+15125550199\r\n\n",
    "marked twice": b"\xef\xbb\xbf\xef\xbb\xbf+15125550188\n+15125550199",
    "quotes and empty columns": b'"+15125550188";;\n+15125550199;;\n',
    "a column of it": b"Target,why\n+15125550188,asked\n,\n+15125550199,asked",
    "semicolons": b"name;TARGET\nAna;+15125550188\nBo;+15125550199\n",
    "a separator that is told": b"sep=;\r\nname;target\r\nAna;+15125550188\r\nBo;+15125550199\r\n",
    "blank lines first": b"\r\n;;\r\nname;target\r\nAna;+15125550188\r\nBo;+15125550199\r\n",
    "what an upload read": b"reference_id,target,name\n1,+15125550188,Ana\n2,+15125550199,Bo\n",
}


@pytest.mark.parametrize("written", EXCEL_LISTS.values(), ids=EXCEL_LISTS)
def test_a_list_is_imported_as_spreadsheets_write_it(
    outreach: Outreach, tmp_path: Path, written: bytes
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(written)

    told = outreach("suppress", "import", "sms", str(file))

    assert (told.exit_code, told.stdout) == (0, "suppressed: 2, new: 2\n"), told.output
    found = json.loads(outreach("suppress", "list", "--json").stdout)
    assert {one["address"] for one in found} == {"+15125550188", "+15125550199"}


def test_a_line_is_named_by_its_number_whatever_is_empty_before_it(
    outreach: Outreach, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"\nname;target\n\nAna;+15125550188\nBo;+15125550199 STOP\n")

    told = outreach("suppress", "import", "sms", str(file))

    assert (told.exit_code, told.stdout) == (1, "suppressed: 1, new: 1\n")
    assert told.stderr.startswith("outreach: line 5: target has something beside one phone number")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_list_in_utf_16_is_named_and_imports_nobody(
    outreach: Outreach, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("+15125550188\n+15125550199\n".encode(encoding))

    told = outreach("suppress", "import", "sms", str(file))

    assert told.exit_code == 1
    assert 'this is UTF-16; save the file as "CSV UTF-8"' in told.stderr
    assert json.loads(outreach("suppress", "list", "--json").stdout) == []


def test_a_suppression_that_is_not_there_is_not_lifted(outreach: Outreach) -> None:
    told = outreach("suppress", "remove", "7")

    assert told.exit_code == 1
    assert "there is no 7" in told.stderr


def test_a_target_that_names_nobody_is_not_suppressed(outreach: Outreach) -> None:
    told = outreach("suppress", "add", "email", "nobody")

    assert told.exit_code == 1
    assert told.stderr == "outreach: target: is not a mailbox\n"


def test_a_test_contact_is_marked_as_one(outreach: Outreach, engine: Engine) -> None:
    campaign = make_campaign(engine, channel=Channel.SMS)

    told = outreach("campaign", "test", str(campaign), "--to", "+15125550188", "--var", "name=Ana")

    assert told.exit_code == 0, told.output
    listed = json.loads(outreach("batch", "list", "--json").stdout)
    assert listed[0]["batch_id"].startswith(f"test-{campaign}-")
    assert listed[0]["batch_id"] in told.stdout
    shown = json.loads(outreach("request", "show", listed[0]["batch_id"], "test", "--json").stdout)
    assert (shown["request_status"], shown["target"]) == ("PENDING", "+15125550188")


def test_a_retry_says_whom_it_passed_over_and_how_to_decide(
    outreach: Outreach, engine: Engine, failed: int
) -> None:
    batch = read_request(engine, failed)["batch"]
    request = make_request(engine, batch=batch, reference_id="3")
    attempt = make_attempt(engine, request=request, state=AttemptState.UNRESOLVED)

    told = outreach("batch", "retry", "B", "--failed").stdout

    assert "queued again: 1\npassed over: 1" in told
    assert f"3 (attempt {attempt})" in told
    assert "--including-doubt" in told
    assert "outreach attempts count-as-sent" in told
    asked = json.loads(outreach("batch", "retry", "B", "--failed", "--json").stdout)
    assert asked == {
        "asked": 1,
        "done": 0,
        "passed_over": 1,
        "named": [{"reference_id": "3", "attempt": attempt}],
    }
    assert "passed over: 1" in outreach("request", "retry", "B", "3").stdout
    assert outreach("request", "retry", "B", "3", "--including-doubt").stdout == (
        "queued again: 1 of 1\n"
    )


def test_a_corrected_file_replaces_where_it_is_asked_for(
    engine: Engine, outreach: Outreach, tmp_path: Path
) -> None:
    make_batch(engine, batch_id="B", campaign=make_campaign(engine, channel=Channel.SMS))
    file = tmp_path / "people.csv"
    file.write_text("reference_id,target\n1,no number\n", encoding="utf-8")
    outreach("batch", "upload", "B", str(file))
    file.write_text("reference_id,target\n1,+15125550101\n", encoding="utf-8")

    refused = json.loads(outreach("batch", "upload", "B", str(file), "--json").stdout)
    done = json.loads(outreach("batch", "upload", "B", str(file), "--replace", "--json").stdout)

    assert (refused["refused_count"], refused["replaced"]) == (1, 0)
    assert (done["refused_count"], done["replaced"]) == (0, 1)


def test_what_is_not_retried_or_removed_is_named_with_where_it_stands(
    outreach: Outreach, engine: Engine, failed: int
) -> None:
    batch = read_request(engine, failed)["batch"]
    make_request(engine, batch=batch, reference_id="waits")
    reference = str(read_request(engine, failed)["reference_id"])

    removed = outreach("batch", "remove", "B", reference, "waits", "nobody").stdout
    retried = outreach("batch", "retry", "B", reference, "waits", "nobody").stdout
    again = outreach("batch", "retry", "B", "--failed").stdout

    assert removed == (
        "removed: 1 of 3\nonly what is PENDING can be removed;"
        f" nothing changed for: {reference} (FAILED), nobody (not in the batch)\n"
    )
    assert retried == (
        "queued again: 1 of 3\nonly what is FAILED can be retried;"
        " nothing changed for: waits (CANCELED), nobody (not in the batch)\n"
    )
    assert again == "queued again: 0; no request of the batch is FAILED\n"

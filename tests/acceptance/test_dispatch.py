"""Real processes, real services, real SDKs: from an operator's file to a true outcome."""

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.factories import ANY_TIME
from tests.fixtures.house import Inhabited, frozen, run_python, wait_until
from worker.desk.batches import create_batch, resume_batch
from worker.desk.campaigns import create_campaign
from worker.desk.requests import show_request
from worker.desk.uploads import upload_requests

BY = "ana@example.com"

CAMPAIGNS: dict[str, dict[str, object]] = {
    "voice": {
        "source": "+15125550100",
        "twiml": "<Response><Say>Hello {{ name }}, from {{ clinic }}</Say></Response>",
    },
    "sms": {"source": "+15125550100", "body": "Hello {{ name }}, from {{ clinic }}"},
    "email": {
        "source": "clinic@example.com",
        "subject": "Hello {{ name }}",
        "text": "from {{ clinic }}",
    },
}
TARGETS = {
    "voice": ["+15125557001", "+15125557002", "+15125550101", "+15125550122", "not a number"],
    "sms": ["+15125557003", "+15125557004", "+15125550103", "+15125550130", "+15125550108"],
    "email": [
        "ana.dispatched@example.com",
        "ben.dispatched@example.com",
        "cyd+bounce-1@example.com",
        "dida+error-accepted-1@example.com",
        "nobody",
    ],
}
ENDS = {
    "voice": {"COMPLETED": 3, "FAILED": 1, "INVALID": 1},
    "sms": {"COMPLETED": 3, "FAILED": 1, "SKIPPED": 1},
    "email": {"COMPLETED": 3, "INVALID": 2},
}


def make_batch(
    inhabited: Inhabited,
    batch_id: str,
    channel: str,
    targets: Sequence[str] | None = None,
    **more: object,
) -> None:
    """A campaign and a paused batch with its requests; `more` are fields of the campaign."""
    fields = {"campaign_name": batch_id, "mode": channel, "campaign_variables": {"clinic": "Hill"}}
    campaign = create_campaign(
        inhabited.engine, fields | ANY_TIME | CAMPAIGNS[channel] | more, by=BY
    )
    batch = {"batch_id": batch_id, "campaign_id": campaign.id, "paused": True}
    create_batch(inhabited.engine, batch, by=BY)
    upload_requests(
        inhabited.runtime.patient_engine,
        batch_id,
        file=io.BytesIO(file_of(targets or TARGETS[channel]).encode()),
        filename="requests.csv",
        by=BY,
    )


def file_of(targets: Sequence[str]) -> str:
    """A CSV file of them."""
    rows = [f"R{number},{target},Ana" for number, target in enumerate(targets)]
    return "\n".join(["reference_id,target,name", *rows]) + "\n"


@pytest.fixture(scope="module")
def earlier(inhabited: Inhabited) -> set[str]:
    """The sids of what others have sent in this house."""
    return {one["sid"] for one in inhabited.sandbox("ledger")}


@pytest.fixture(scope="module")
def dispatched(inhabited: Inhabited, earlier: set[str]) -> Inhabited:
    """A batch of each channel, from its file to its last outcome."""
    for channel in CAMPAIGNS:
        make_batch(inhabited, f"acceptance-{channel}", channel)
        assert inhabited.show(f"acceptance-{channel}")["status"] == "PAUSED"
        resume_batch(inhabited.engine, f"acceptance-{channel}", by=BY)
    for channel in CAMPAIGNS:
        inhabited.wait_until_final(f"acceptance-{channel}")
    return inhabited


@pytest.mark.parametrize("channel", CAMPAIGNS)
def test_every_request_ends_truly(dispatched: Inhabited, channel: str) -> None:
    assert dispatched.show(f"acceptance-{channel}")["status_counts"] == ENDS[channel]


def test_nobody_is_contacted_twice(dispatched: Inhabited) -> None:
    assert dispatched.sandbox("summary")["contacts_per_token_max"] == 1


def test_a_call_whose_answer_was_lost_is_found_and_never_placed_again(
    dispatched: Inhabited, earlier: set[str]
) -> None:
    """The sandbox accepted it and let the request time out."""
    number = TARGETS["voice"][3]
    history = show_request(dispatched.engine, "acceptance-voice", "R3")

    placed = {one["sid"] for one in dispatched.sandbox("ledger") if one["to"] == number} - earlier
    assert len(placed) == 1
    assert history.request.call_manager_sid in placed
    assert (history.request.request_status, history.request.attempt_count) == ("COMPLETED", 1)


def test_the_history_tells_how_a_call_was_placed_answered_and_ended(dispatched: Inhabited) -> None:
    shown = dispatched.run("request", "show", "acceptance-voice", "R0").stdout

    places = [shown.find(status) for status in ("PENDING", "INITIATED", "CONNECTED", "COMPLETED")]
    assert -1 not in places
    request = json.loads(
        dispatched.run("request", "show", "acceptance-voice", "R0", "--json").stdout
    )
    text = json.dumps(request)
    assert '"attempt_count": 1' in text
    assert '"call_manager_sid": "CA' in text
    assert '"sent_at": "20' in text


# What a machine's digits, and a person's, end as by policy; and whose calls we end ourselves.
PERSON = ("COMPLETED", "COMPLETED", False)
ANSWERED_BY: dict[str, list[tuple[str, str, bool]]] = {
    "leave_message": [("COMPLETED", "MACHINE", False), PERSON],
    "no_answer": [("FAILED", "MACHINE", False), PERSON],
    "hang_up": [("FAILED", "MACHINE", True), PERSON],
}


@pytest.fixture
def unhurried(inhabited: Inhabited) -> Iterator[Inhabited]:
    """Calls last long enough to be ended on the way."""
    inhabited.switch_sandbox(pace=4)
    yield inhabited
    inhabited.switch_sandbox(pace=1)


def test_who_answered_decides_as_the_campaign_says(unhurried: Inhabited) -> None:
    """The sandbox posts the detection's callback, signed, to the real HTTP process."""
    numbers = {
        policy: [f"+15125{exchange}0107", f"+15125{exchange}7010"]
        for exchange, policy in enumerate(ANSWERED_BY, start=56)
    }
    for policy, targets in numbers.items():
        batch_id, detection = f"machines-{policy}", {"on_machine": policy}
        make_batch(unhurried, batch_id, "voice", targets, voicemail_detection=detection)
        resume_batch(unhurried.engine, batch_id, by=BY)

    for policy, ends in ANSWERED_BY.items():
        unhurried.wait_until_final(f"machines-{policy}")
        ledger = {one["to"]: one for one in unhurried.sandbox("ledger")}
        for place, (number, end) in enumerate(zip(numbers[policy], ends, strict=True)):
            request = show_request(unhurried.engine, f"machines-{policy}", f"R{place}").request
            outcome = (request.request_status, request.channel_manager_status)
            assert (*outcome, ledger[number]["hung_up"]) == end, (policy, place)


def test_an_operator_does_it_all_by_command(inhabited: Inhabited, tmp_path: Path) -> None:
    campaign, file = tmp_path / "campaign.json", tmp_path / "requests.csv"
    fields = {"campaign_name": "by hand", "mode": "voice", "campaign_variables": {"clinic": "Hill"}}
    campaign.write_text(json.dumps(fields | ANY_TIME | CAMPAIGNS["voice"]), encoding="utf-8")
    others = [target.replace("+1512555", "+1512556") for target in TARGETS["voice"]]
    file.write_text(file_of(others), encoding="utf-8")

    for arguments in (
        ("campaign", "create", str(campaign)),
        ("batch", "create", "by-hand", "--campaign", "by hand"),
        ("batch", "upload", "by-hand", str(file)),
    ):
        done = inhabited.run(*arguments)
        assert done.returncode == 0, done.stderr

    assert inhabited.wait_until_final("by-hand")["status_counts"] == ENDS["voice"]
    exported = inhabited.run("batch", "results", "by-hand", "--csv").stdout
    assert exported.count("COMPLETED") >= ENDS["voice"]["COMPLETED"]


def test_a_message_makes_a_batch_go_out_without_a_scheduler(inhabited: Inhabited) -> None:
    make_batch(inhabited, "acceptance-trigger", "sms")
    with frozen(inhabited, "tasks.scheduler"):
        resume_batch(inhabited.engine, "acceptance-trigger", by=BY)
        publish(inhabited, "outreach.dispatch_batch", {"batch_id": "acceptance-trigger"})
        wait_until(lambda: inhabited.show("acceptance-trigger")["status"] == "ACTIVE")

    inhabited.wait_until_final("acceptance-trigger")


def publish(inhabited: Inhabited, name: str, payload: dict[str, object]) -> None:
    """As any producer with Celery does."""
    program = (
        "import sys, json; from tasks.app import app;"
        "app.send_task(sys.argv[1], kwargs=json.loads(sys.argv[2]))"
    )
    sent = run_python("-c", program, name, json.dumps(payload), env=inhabited.environment)
    assert sent.returncode == 0, sent.stderr

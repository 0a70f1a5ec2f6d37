"""Every deed leaves one row that says who, what, when, through which door and why; and none says whom."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from tests.factories import ANA, make_attempt, make_request
from tests.integration.desk.test_archive import DAY, archived, finish
from worker.desk import batches, campaigns
from worker.desk.audit import list_audit
from worker.desk.dead_letters import discard, list_dead_letters, replay
from worker.desk.decide import allow_retry, count_as_sent
from worker.desk.messages import accept
from worker.desk.request_actions import remove_requests
from worker.desk.retries import retry_requests
from worker.desk.suppression_lifts import lift_suppression, list_suppressed
from worker.desk.suppressions import suppress_recipient
from worker.desk.uploads import upload_requests
from worker.dispatch.halt import halt, resume
from worker.domain.audit import AuditDoor, AuditEntry, Deed
from worker.domain.errors import FileFault, WrongFields
from worker.domain.statuses import AttemptState, Channel, RequestStatus, SuppressReason
from worker.store.audit import through

NUMBER = "+15125550177"
SMS = {"campaign_name": "C", "mode": "sms", "source": "+15125550100", "body": "Hello"}
FILE = f"reference_id,target,name\nr1,{NUMBER},Zoe\nr2,+15125550178,Yan\n"

Act = Callable[[Engine], object]


def upload(engine: Engine, content: str = FILE, *, replace: bool = False) -> object:
    file = BytesIO(content.encode())
    return upload_requests(engine, "B", file=file, filename="f", by=ANA, replace=replace)


def replace_one(engine: Engine) -> None:
    upload(engine)
    upload(engine, FILE.replace("Zoe", "Zoë"), replace=True)


def remove_one(engine: Engine) -> None:
    upload(engine)
    remove_requests(engine, "B", ["r1", "nobody"], by=ANA)


def unresolved(engine: Engine) -> int:
    request = make_request(engine, batch=batch_number(engine))
    return make_attempt(engine, request=request, state=AttemptState.UNRESOLVED)


def retry_one(engine: Engine) -> None:
    request = make_request(engine, batch=batch_number(engine))
    make_attempt(engine, request=request, state=AttemptState.REFUSED, status=RequestStatus.FAILED)
    retry_requests(engine, "B", None, by=ANA)


def batch_number(engine: Engine) -> int:
    return batches.show_batch(engine, "B").facts.id


def suppress_and_lift(engine: Engine) -> None:
    suppress_recipient(engine, Channel.SMS, NUMBER, reason=SuppressReason.UNSUBSCRIBED, by=ANA)
    [row] = list_suppressed(engine, Channel.SMS, limit=1)
    lift_suppression(engine, row.id, by=ANA, why="they asked")


def bury(engine: Engine, batch_id: str) -> int:
    accept(engine, "outreach.delete_batch", "m", {"batch_id": batch_id, "deleted_reason": "x"})
    return list_dead_letters(engine)[0].id


def replay_one(engine: Engine) -> None:
    letter = bury(engine, "other")
    payload = json.dumps({"batch_id": "B", "deleted_reason": "x"})
    replay(engine, letter, name=None, payload=payload, by=ANA)


def halt_and_resume(engine: Engine) -> None:
    halt(engine, "channel", "sms", "wrong words", ANA)
    halt(engine, "channel", "sms", "again", ANA)
    resume(engine, "channel", "sms", ANA)
    resume(engine, "channel", "sms", ANA)


B = "batch B"
DEEDS: dict[str, tuple[Act, list[tuple[Deed, str]]]] = {
    "pause": (lambda e: batches.pause_batch(e, "B", by=ANA), [(Deed.PAUSE, B)]),
    "resume": (lambda e: batches.resume_batch(e, "B", by=ANA), [(Deed.RESUME, B)]),
    "pause by edit": (
        lambda e: batches.update_batch(e, "B", {"paused": True}, by=ANA),
        [(Deed.PAUSE, B)],
    ),
    "edit": (
        lambda e: batches.update_batch(e, "B", {"call_rate": 5}, by=ANA),
        [(Deed.EDIT, B)],
    ),
    "delete": (lambda e: batches.delete_batch(e, "B", reason="wrong", by=ANA), [(Deed.DELETE, B)]),
    "upload": (upload, [(Deed.ADD, B)]),
    "upload again": (lambda e: (upload(e), upload(e)), [(Deed.ADD, B)]),
    "replace": (replace_one, [(Deed.ADD, B), (Deed.REPLACE, B)]),
    "remove": (remove_one, [(Deed.ADD, B), (Deed.REMOVE, B)]),
    "retry": (retry_one, [(Deed.RETRY, B)]),
    "campaign": (
        lambda e: campaigns.update_campaign(e, "C", {"body": "Hi"}, by=ANA),
        [(Deed.EDIT, "campaign 1")],
    ),
    "halt, resume": (
        halt_and_resume,
        [(Deed.HALT, "channel sms"), (Deed.RESUME, "channel sms")],
    ),
    "count as sent": (
        lambda e: count_as_sent(e, unresolved(e), by=ANA),
        [(Deed.COUNT_AS_SENT, "attempt 1")],
    ),
    "allow retry": (
        lambda e: allow_retry(e, unresolved(e), by=ANA),
        [(Deed.ALLOW_RETRY, "attempt 1")],
    ),
    "suppress, lift": (
        suppress_and_lift,
        [(Deed.SUPPRESS, "channel sms"), (Deed.LIFT, "suppression 1")],
    ),
    "replay": (replay_one, [(Deed.REPLAY, "dead letter 1"), (Deed.DELETE, B)]),
    "discard": (
        lambda e: discard(e, bury(e, "other"), by=ANA),
        [(Deed.DISCARD, "dead letter 1")],
    ),
}


@pytest.fixture
def there(engine: Engine) -> Engine:
    """An engine of the command, beside a campaign C and its batch B."""
    command = through(engine, AuditDoor.COMMAND)
    campaigns.create_campaign(command, SMS, by=ANA)
    batches.create_batch(command, {"batch_id": "B", "campaign_id": 1}, by=ANA)
    return command


def told(engine: Engine) -> list[AuditEntry]:
    """Everything, the oldest first."""
    return list_audit(engine)[::-1]


@pytest.mark.parametrize("what", DEEDS)
def test_a_deed_leaves_a_row(there: Engine, what: str) -> None:
    act, expected = DEEDS[what]

    act(there)

    created, rows = told(there)[:2], told(there)[2:]
    assert [(one.deed, one.subject) for one in created] == [
        (Deed.CREATE, "campaign 1"),
        (Deed.CREATE, B),
    ]
    assert [(one.deed, one.subject) for one in rows] == expected
    assert {one.door for one in rows} == {AuditDoor.COMMAND}
    assert {one.by for one in rows} <= {ANA, "message"}
    written = json.dumps([one.to_wire() for one in rows])
    assert NUMBER not in written
    assert "Zo" not in written
    assert "r1" not in written


def test_an_archive_leaves_a_row(there: Engine, tmp_path: Path) -> None:
    make_request(there, batch=batch_number(there), status=RequestStatus.COMPLETED)
    finish(there, batch_number(there), ago=31 * DAY)

    assert archived(there, tmp_path)

    assert (told(there)[-1].deed, told(there)[-1].subject) == (Deed.ARCHIVE, B)


def test_why_is_told_where_it_was_asked(there: Engine) -> None:
    batches.delete_batch(there, "B", reason="wrong list", by=ANA)
    halt(there, "all", "", "wrong words", ANA)

    assert [one.why for one in told(there)][-2:] == ["wrong list", "wrong words"]


def test_an_edit_names_the_fields_and_no_value(there: Engine) -> None:
    campaigns.update_campaign(there, "C", {"body": "Dear Zoe", "hourly_rate": 9}, by=ANA)

    assert told(there)[-1].detail == {"fields": ["body", "hourly_rate"]}


def test_a_message_is_told_with_its_door(there: Engine) -> None:
    requests = [{"reference_id": "r1", "target": NUMBER, "request_variables": {}}]
    more = {"batch_id": "B", "requests": requests, "last_updated_by": "crm@example.com"}

    accept(there, "outreach.add_requests", "m", more)
    accept(there, "outreach.add_requests", "m", more)

    assert [(one.deed, one.by, one.door, one.detail) for one in told(there)[2:]] == [
        (Deed.ADD, "crm@example.com", AuditDoor.MESSAGE, {"requests": 1})
    ]


def test_who_halts_without_a_door_is_the_system(engine: Engine) -> None:
    halt(engine, "channel", "voice", "the provider refuses our account", "provider")

    assert [(one.door, one.by) for one in told(engine)] == [(AuditDoor.SYSTEM, "provider")]


def test_what_was_not_done_leaves_no_row(there: Engine) -> None:
    with pytest.raises(WrongFields):
        batches.update_batch(there, "B", {"call_rate": -1}, by=ANA)
    with pytest.raises(FileFault):
        upload(there, "")

    assert [one.deed for one in told(there)[2:]] == [Deed.ADD]
    assert told(there)[-1].why == "nothing was stored: the file is empty"


def test_only_what_was_done_to_one_of_them_is_told_if_asked(there: Engine) -> None:
    batches.pause_batch(there, "B", by=ANA)

    assert [one.deed for one in list_audit(there, batch="B")] == [Deed.PAUSE, Deed.CREATE]
    assert [one.deed for one in list_audit(there, campaign="C")] == [Deed.CREATE]
    assert [one.deed for one in list_audit(there, limit=1)] == [Deed.PAUSE]


@pytest.mark.parametrize("change", ["UPDATE audit SET by = 'nobody'", "DELETE FROM audit"])
def test_nobody_changes_what_was_written(there: Engine, change: str) -> None:
    with pytest.raises(ProgrammingError, match="only ever added to"), there.begin() as connection:
        connection.execute(text(change))


def test_a_deed_that_was_rolled_back_leaves_no_row(there: Engine) -> None:
    with there.connect() as connection:
        batches.delete_in(connection, "B", reason="wrong", by=ANA)

    assert len(told(there)) == 2


def test_a_file_that_only_ends_a_failure_leaves_a_row(there: Engine) -> None:
    upload(there)
    with there.begin() as connection:
        connection.execute(
            text("UPDATE communication_batch SET error_message = 'the file is empty'")
        )
    before = len(told(there))

    upload(there)

    assert batches.show_batch(there, "B").facts.error_message is None
    assert [one.deed for one in told(there)[before:]] == [Deed.ADD]

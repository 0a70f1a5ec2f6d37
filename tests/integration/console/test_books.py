"""Doubts and dead letters are decided, campaigns previewed, plans and deeds read."""

import pytest
from sqlalchemy import Engine, text

from tests.integration.console.conftest import BY, SECRET, TARGETS, People
from worker.desk.audit import list_audit
from worker.desk.batches import show_batch
from worker.domain.audit import AuditDoor, Deed
from worker.domain.callers import Role
from worker.domain.contract.batches import status_counts
from worker.domain.statuses import RequestStatus
from worker.store import dead_letters
from worker.store.connect import in_transaction

DOUBTED = text("""
    WITH begun AS (
        INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token,
            state, send_by, check_at, doubted_at)
        SELECT id, batch, recipient, 'voice', '+15125550100', 1, gen_random_uuid(), 'IN_DOUBT',
            clock_timestamp(), clock_timestamp() + interval '1 hour', clock_timestamp()
        FROM communication_request WHERE reference_id = 'C-0' RETURNING id, request
    ), gone AS (
        DELETE FROM queue USING begun WHERE queue.request = begun.request
    ), moved AS (
        UPDATE communication_request AS r SET attempt = begun.id, attempt_count = 1,
            request_status = 'INITIATED', channel_manager_status = 'SENDING', moved_by = 'dispatch'
        FROM begun WHERE r.id = begun.request
    )
    SELECT id FROM begun
""")


@pytest.fixture
def doubt(engine: Engine, batch: str) -> int:
    with engine.begin() as connection:
        return int(connection.execute(DOUBTED).scalar_one())


@pytest.fixture
def letter(engine: Engine) -> int:
    payload = f'{{"batch_id": "nothing", "canary": "{SECRET}"}}'
    with engine.begin() as connection:
        kept = dead_letters.bury(
            connection, reason="unknown fields", payload=payload, task="x", message_id="m-1"
        )
    assert kept is not None
    return kept


@pytest.mark.parametrize(
    ("decision", "deed", "status"),
    [("sent", Deed.COUNT_AS_SENT, "COMPLETED"), ("retry", Deed.ALLOW_RETRY, "PENDING")],
)
def test_a_doubt_is_decided_and_the_decision_remembered(
    decision: str, deed: Deed, status: str, engine: Engine, batch: str, doubt: int, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    shown = browser.get("/doubts").text
    assert "Allow a retry" in shown
    assert TARGETS[0] not in shown

    assert browser.post(f"/doubts/{doubt}/{decision}", {}).status == 200
    told = list_audit(engine)[0]
    assert (told.deed, told.by, told.door) == (deed, "operate@example.com", AuditDoor.CONSOLE)
    counts = status_counts(show_batch(engine, batch).counts)
    assert counts[RequestStatus(status)] == (1 if status == "COMPLETED" else 3)
    if decision == "sent":
        assert browser.post(f"/doubts/{doubt}/{decision}", {}).status == 409


def test_a_letter_is_read_without_its_payload_which_is_revealed_repaired_and_let_go(
    engine: Engine, letter: int, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    assert "unknown fields" in browser.get("/doubts").text
    assert SECRET not in browser.get(f"/dead-letters/{letter}").text

    assert SECRET in browser.post(f"/dead-letters/{letter}/reveal", {}).text
    assert list_audit(engine)[0].deed is Deed.REVEAL
    assert browser.post(f"/dead-letters/{letter}/replay", {"payload": "{"}).status in {409, 422}
    assert browser.post(f"/dead-letters/{letter}/discard", {}).status == 200
    assert "unknown fields" not in browser.get("/doubts").text
    assert browser.post(f"/dead-letters/{letter}/discard", {}).status == 409


def test_a_letter_is_replayed_with_a_repaired_payload(
    engine: Engine, batch: str, letter: int, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    browser.get(f"/dead-letters/{letter}")
    payload = f'{{"batch_id": "{batch}", "deleted_reason": "wrong", "last_updated_by": "{BY}"}}'
    repaired = {"name": "outreach.delete_batch", "payload": payload}
    seen = browser.post(f"/dead-letters/{letter}/replay", repaired)

    assert seen.status == 200, seen.text
    assert show_batch(engine, batch).facts.deleted_reason == "wrong"


def test_a_letter_that_only_its_provider_may_say_again_is_read_and_let_go(
    engine: Engine, sign_in: People
) -> None:
    letter = in_transaction(
        engine,
        dead_letters.bury,
        reason="it can't be read",
        payload=f"From={SECRET}",
        task=None,
        message_id="m",
        kind="callback",
    )
    browser = sign_in(Role.OPERATE)
    shown = browser.get(f"/dead-letters/{letter}").text
    assert "Only its provider may say it again" in shown
    assert "Replay" not in shown
    assert SECRET not in shown

    revealed = browser.post(f"/dead-letters/{letter}/reveal", {}).text
    assert SECRET in revealed
    assert "Replay" not in revealed
    assert "Let go" in browser.post(f"/dead-letters/{letter}/discard", {}).text


def test_a_campaign_is_previewed_with_a_sample_row_and_tried_on_oneself(
    batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    assert "reminder" in browser.get("/campaigns").text
    assert "{{ name }}" in browser.get("/campaigns/1").text

    assert "Hello Zoe" in browser.post("/campaigns/1/preview", {"variables": "name=Zoe"}).text
    assert browser.post("/campaigns/1/preview", {"variables": "Zoe"}).status == 422
    seen = browser.post("/campaigns/1/test", {"to": "+15125550100", "variables": "name=Zoe"})
    assert "test-1-" in seen.text


def test_the_plan_counts_the_days_and_the_audit_tells_deeds(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.READ)

    assert "Everything fits." in browser.get("/plan").text
    assert f"create batch {batch}" in browser.get("/audit").text
    assert "Nothing was done to that batch." in browser.get("/audit?batch=other").text


@pytest.mark.parametrize(
    "path",
    [
        "/doubts/{doubt}/sent",
        "/doubts/{doubt}/retry",
        "/dead-letters/{letter}/replay",
        "/dead-letters/{letter}/discard",
        "/dead-letters/{letter}/reveal",
        "/campaigns/1/test",
    ],
)
def test_a_reader_decides_nothing(
    path: str, engine: Engine, doubt: int, letter: int, sign_in: People
) -> None:
    browser = sign_in(Role.READ)
    browser.get("/doubts")
    before = len(list_audit(engine))

    assert browser.post(path.format(doubt=doubt, letter=letter), {}).status == 403
    assert len(list_audit(engine)) == before

"""What an operator does in a real browser, and that a reader does none of it; nobody is named unasked."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, Response, expect
from sqlalchemy import text

from tests.acceptance.test_console import CANARY, SECONDS, create, write_file
from tests.fixtures.browser import sign_in
from tests.fixtures.house import Inhabited, wait_until
from worker.api.console.routes import SIGNED_IN
from worker.desk.audit import list_audit
from worker.desk.batches import create_batch, show_batch
from worker.desk.bulk_deeds import show_bulk
from worker.desk.campaigns import show_campaign
from worker.desk.people import find_person
from worker.desk.uploads import upload_requests
from worker.domain.audit import AuditDoor, AuditEntry, Deed
from worker.domain.callers import Role
from worker.domain.contract.batches import status_counts
from worker.domain.statuses import RequestStatus
from worker.store import dead_letters
from worker.store.connect import in_transaction

BY = "ana@example.com"
READ_PAGES = ("/", "/batches", "/doubts", "/people", "/campaigns", "/plan", "/audit")
DOUBTED = text("""
    WITH begun AS (
        INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token,
            state, send_by, check_at, doubted_at)
        SELECT r.id, r.batch, recipient, 'voice', '+15125550100', 1, gen_random_uuid(), 'IN_DOUBT',
            clock_timestamp(), clock_timestamp() + interval '1 day', clock_timestamp()
        FROM communication_request AS r JOIN communication_batch AS b ON b.id = r.batch
        WHERE b.batch_id = :batch AND reference_id = 'C-0' RETURNING id, request
    ), gone AS (
        DELETE FROM queue USING begun WHERE queue.request = begun.request
    ), moved AS (
        UPDATE communication_request AS r SET attempt = begun.id, attempt_count = 1,
            request_status = 'INITIATED', channel_manager_status = 'SENDING', moved_by = 'dispatch'
        FROM begun WHERE r.id = begun.request
    )
    SELECT request FROM begun
""")


def stored(house: Inhabited, folder: Path, area: int, people: int = 3) -> tuple[str, list[str]]:
    """A paused batch of people of one area code."""
    batch = f"held-{uuid4().hex[:8]}"
    campaign = show_campaign(house.engine, create(house))
    fields = {"batch_id": batch, "campaign_id": campaign.id, "paused": True}
    create_batch(house.engine, fields, by=BY)
    file, targets = write_file(folder, area, people)
    with file.open("rb") as opened:
        upload_requests(
            house.runtime.patient_engine, batch, file=opened, filename="people.csv", by=BY
        )
    return batch, targets


@pytest.fixture
def operator(chromium: Browser, inhabited: Inhabited) -> Iterator[Page]:
    page = sign_in(chromium, inhabited, Role.OPERATE)
    yield page
    page.context.close()


def test_a_doubt_is_decided(operator: Page, inhabited: Inhabited, tmp_path: Path) -> None:
    batch, _ = stored(inhabited, tmp_path, 907)
    with inhabited.engine.begin() as connection:
        connection.execute(DOUBTED, {"batch": batch})
    operator.goto("/doubts")
    row = operator.get_by_role("row").filter(has_text=batch)
    row.get_by_role("button", name="Count as sent").click()

    expect(operator.get_by_text("Counted as sent.")).to_be_visible()
    counts = status_counts(show_batch(inhabited.engine, batch).counts)
    assert counts[RequestStatus.COMPLETED] == 1
    assert by_console(inhabited)[0].deed is Deed.COUNT_AS_SENT


def test_a_dead_letter_is_repaired_and_replayed(operator: Page, inhabited: Inhabited) -> None:
    batch = f"replayed-{uuid4().hex[:8]}"
    campaign = show_campaign(inhabited.engine, create(inhabited)).id
    payload = f'{{"batch_id": "{batch}", "campaign_id": "{CANARY}"}}'
    told = {"task": "outreach.create_batch", "message_id": uuid4().hex, "payload": payload}
    letter = in_transaction(
        inhabited.engine, dead_letters.bury, reason="campaign_id: must be a number", **told
    )
    operator.goto(f"/dead-letters/{letter}")
    assert CANARY not in operator.content()
    operator.get_by_role("button", name="Reveal and repair").click()
    operator.get_by_label("Payload").fill(payload.replace(f'"{CANARY}"', str(campaign)))
    operator.get_by_role("button", name="Replay").click()

    expect(operator.get_by_text("Taken in again.")).to_be_visible()
    assert show_batch(inhabited.engine, batch).facts.campaign_id == campaign


def test_a_person_is_found_as_they_are_written_and_suppressed(
    operator: Page, inhabited: Inhabited, tmp_path: Path
) -> None:
    batch, targets = stored(inhabited, tmp_path, 406)
    first = targets[0]
    operator.goto("/")
    operator.keyboard.press("/")
    operator.keyboard.type(f"({first[2:5]}) {first[5:8]}-{first[8:]}")
    operator.keyboard.press("Enter")
    expect(operator.get_by_role("link", name=batch)).to_be_visible()
    assert first[1:] not in operator.url
    operator.get_by_role("button", name="Suppress on voice").click()

    expect(operator.get_by_text("suppressed: unsubscribed")).to_be_visible()
    (known,) = find_person(inhabited.engine, first)
    assert known.suppressed_at is not None


def test_an_export_is_a_file_and_a_row_of_the_audit(
    operator: Page, inhabited: Inhabited, tmp_path: Path
) -> None:
    batch, targets = stored(inhabited, tmp_path, 505)
    operator.goto(f"/batches/{batch}")
    with operator.expect_download() as downloading:
        operator.get_by_role("button", name="Export", exact=True).click()
    saved = tmp_path / "export.csv"
    downloading.value.save_as(saved)

    content = saved.read_text(encoding="utf-8")
    assert all(one in content for one in targets)
    assert list_audit(inhabited.engine, batch=batch)[0].deed is Deed.EXPORT


def test_a_deed_over_all_that_match_is_confirmed_by_their_number_and_watched(
    operator: Page, inhabited: Inhabited, tmp_path: Path
) -> None:
    batch, _ = stored(inhabited, tmp_path, 602, people=30)
    operator.goto(f"/batches/{batch}?status=PENDING&outcome=PENDING")
    operator.get_by_role("link", name="Remove all of these").click()
    operator.get_by_label("Type 30 to go on").fill("30")
    operator.get_by_role("button", name="Remove 30 people").click()

    expect(operator.get_by_text("30 of 30 removed")).to_be_visible(timeout=30 * SECONDS)
    number = int(operator.url.rpartition("/")[2])
    wait_until(lambda: show_bulk(inhabited.engine, number).finished_at is not None)
    assert show_batch(inhabited.engine, batch).open == 0


def by_console(inhabited: Inhabited) -> list[AuditEntry]:
    """What was done there, newest first; what came by message is written down whenever it is taken up."""
    listed = list_audit(inhabited.engine, limit=1000)
    return [one for one in listed if one.door is AuditDoor.CONSOLE]


def test_a_reader_gets_403_on_every_write(
    chromium: Browser, inhabited: Inhabited, tmp_path: Path
) -> None:
    batch, _ = stored(inhabited, tmp_path, 304)
    page = sign_in(chromium, inhabited, Role.READ)
    page.goto(f"/batches/{batch}")
    token = page.locator("input[name=form_token]").first.get_attribute("value") or ""
    before = len(by_console(inhabited))
    writes = [path for path, method, role, _ in SIGNED_IN if method == "POST" and role != Role.READ]
    answered = {}
    for path in writes:
        filled = re.sub(r"\{\w+:int\}", "1", path).replace("{batch}", batch)
        form: dict[str, str | float | bool] = {
            "form_token": token,
            "why": "x",
            "name": batch,
            "scope": "all",
            "key": "",
        }
        address = filled.replace("{campaign}", "1")
        answered[path] = page.request.post(address, form=form, max_redirects=0).status

    assert answered == dict.fromkeys(writes, 403)
    assert len(writes) > 20
    assert len(by_console(inhabited)) == before
    page.context.close()


def test_nobody_is_named_in_any_page_header_or_address_unless_revealed(
    chromium: Browser, inhabited: Inhabited, tmp_path: Path
) -> None:
    batch, targets = stored(inhabited, tmp_path, 802)
    with inhabited.engine.begin() as connection:
        request = connection.execute(DOUBTED, {"batch": batch}).scalar_one()
    page = sign_in(chromium, inhabited, Role.ADMIN)
    (known,) = find_person(inhabited.engine, targets[0])
    seen: list[str] = []

    def note(answer: Response) -> None:
        kept = not answer.url.startswith("blob:") and "event-stream" not in str(answer.headers)
        body = answer.text() if kept and answer.ok else ""
        seen.append(f"{answer.url}\n{answer.all_headers()}\n{body}")

    page.on("requestfinished", lambda asked: note(answer) if (answer := asked.response()) else None)
    own = (f"/batches/{batch}", f"/requests/{request}", f"/people/{known.id}")
    for path in (*READ_PAGES, *own):
        page.goto(path, wait_until="load")
        seen.append(page.content() + page.title())
    named = [CANARY, *(one[1:] for one in targets), *(one[2:] for one in targets)]
    assert len(seen) > 20
    assert [word for word in named for one in seen if word in one] == []
    assert CANARY not in inhabited.logs()

    reveals = len(_reveals(inhabited))
    page.goto(f"/requests/{request}")
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_text(f"Hello {CANARY}0", exact=True)).to_be_visible()
    assert [one.subject for one in _reveals(inhabited)[: -reveals or None]] == [
        f"request {request}"
    ]
    assert CANARY not in page.title() + page.url
    page.context.close()


def _reveals(house: Inhabited) -> list[AuditEntry]:
    return [one for one in list_audit(house.engine, limit=1000) if one.deed is Deed.REVEAL]


def test_a_reader_s_upload_is_refused_in_a_sentence(
    chromium: Browser, inhabited: Inhabited, tmp_path: Path
) -> None:
    page = sign_in(chromium, inhabited, Role.READ)
    assert page.goto("/batches/new")
    expect(page.get_by_text("This needs the role operate; yours is read.")).to_be_visible()
    assert page.get_by_role("link", name="New batch").count() == 0
    page.context.close()

"""Every page is seen and every deed done by a browser that runs no script."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text
from starlette.routing import compile_path

from tests.acceptance.test_console import SECONDS, create, upload, write_file
from tests.acceptance.test_console_deeds import DOUBTED, stored
from tests.fixtures.browser import sign_in
from tests.fixtures.house import Inhabited
from worker.api.console.routes import SIGNED_IN
from worker.desk.campaigns import show_campaign
from worker.domain.callers import Role
from worker.store import dead_letters
from worker.store.connect import in_transaction

pytestmark = pytest.mark.turn(1)

WITHOUT_A_RACE = {("POST", "/bulk/{number:int}/stop")}
"""A deed over few people is over before a button is pressed; test_bulk.py sends the same form."""
FAILED = text("""
    WITH gone AS (
        DELETE FROM queue USING communication_request AS r, communication_batch AS b
        WHERE queue.request = r.id AND r.batch = b.id AND b.batch_id = :batch
            AND reference_id = 'C-2' RETURNING request
    )
    UPDATE communication_request AS r SET request_status = 'FAILED', channel_manager_status = 'BUSY',
        moved_by = 'callback' FROM gone WHERE r.id = gone.request
""")


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk of somebody through a house."""

    page: Page
    house: Inhabited
    folder: Path

    def press(self, name: str) -> None:
        """Press the first button that is called so."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def unfold(self, name: str) -> None:
        """Unfold what is called so."""
        self.page.locator("summary", has_text=name).first.click()

    def type_into(self, name: str, words: str) -> None:
        """Type into the first field with this name that is to be seen."""
        self.page.locator(f"[name='{name}']:visible").first.fill(words)

    def says(self, words: str) -> None:
        """Wait for what the page says."""
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=20 * SECONDS)


def start_a_batch(walk: Walk) -> None:
    batch, campaign = f"plain-{uuid4().hex[:8]}", create(walk.house, hourly_rate=1)
    file, _ = write_file(walk.folder, 323, people=3)
    with file.open("a", encoding="utf-8") as opened:
        opened.write("C-8,nobody,x\n")
    upload(walk.page, campaign, batch, file)
    walk.page.get_by_role("button", name="Start: contact 3 people").click()
    walk.says("Confirmed: it goes out by its campaign")
    with walk.page.expect_download():
        walk.page.get_by_role("link", name="take them as a file").click()
    walk.unfold("Pause")
    walk.type_into("why", "look first")
    walk.page.locator("#pause button").click()
    walk.says("Paused: none of its people")
    walk.unfold("Pace and end")
    walk.type_into("call_rate", "120")
    walk.press("Change")
    walk.says("Changed.")
    walk.press("Resume")
    walk.says("It goes on.")


def end_batches(walk: Walk) -> None:
    for area, unfolded, name, said in (
        (747, "End now…", "End", "Ended: what has not begun"),
        (831, "Delete…", "Delete", "Deleted: what has not begun"),
    ):
        batch, _ = stored(walk.house, walk.folder, area)
        walk.page.goto(f"/batches/{batch}")
        with walk.page.expect_download():
            walk.press("Export")
        walk.unfold(unfolded)
        if name == "Delete":
            walk.type_into("why", "wrong people")
        walk.type_into("name", batch)
        walk.press(name)
        walk.says(said)


def change_requests(walk: Walk) -> None:
    batch, _ = stored(walk.house, walk.folder, 925)
    with walk.house.engine.begin() as connection:
        connection.execute(FAILED, {"batch": batch})
    at = f"/batches/{batch}"
    walk.page.goto(at)
    walk.page.get_by_role("link", name="C-0", exact=True).click()
    walk.press("Reveal")
    walk.unfold("Replace this row")
    walk.type_into("variable name", "Bo")
    walk.press("Replace")
    walk.says("Replaced: the row says what you typed.")
    walk.press("Remove")
    walk.says("Removed: nobody contacts them by it.")
    walk.page.goto(at)
    walk.page.get_by_role("link", name="C-2", exact=True).click()
    walk.press("Retry")
    walk.says("Those that may be tried again are due now.")
    walk.page.goto(f"{at}?status=PENDING&outcome=PENDING")
    walk.page.get_by_role("link", name="Remove all of these").click()
    walk.type_into("count", "1")
    walk.press("Remove 1 person")
    walk.says("of 1 removed")


def look_after_a_person(walk: Walk) -> None:
    batch, targets = stored(walk.house, walk.folder, 657)
    walk.page.goto("/people")
    walk.type_into("who", targets[1])
    walk.page.locator("#find").press("Enter")
    walk.press("Reveal")
    walk.says(targets[1])
    walk.press("Suppress on Voice")
    walk.says("Suppressed: no attempt to them begins any more.")
    walk.unfold("Lift…")
    walk.type_into("why", "they asked for it")
    walk.press("Lift")
    walk.says("That one act is lifted")
    walk.type_into("target", targets[2])
    walk.press("Suppress")
    walk.says("Suppressed: no attempt to them begins any more.")
    assert batch not in walk.page.url


def decide_doubts(walk: Walk) -> None:
    for area, name, said in (
        (561, "Count as sent", "Counted as sent."),
        (772, "Allow a retry", "They are due again"),
    ):
        batch, _ = stored(walk.house, walk.folder, area)
        with walk.house.engine.begin() as connection:
            connection.execute(DOUBTED, {"batch": batch})
        walk.page.goto(f"/doubts?batch={batch}")
        walk.press(name)
        walk.says(said)


def settle_letters(walk: Walk) -> None:
    campaign = show_campaign(walk.house.engine, create(walk.house)).id
    for payload, name in (("{}", "Discard"), ("{}", "Reveal and repair…")):
        told = {"task": "outreach.create_batch", "message_id": uuid4().hex, "payload": payload}
        letter = in_transaction(walk.house.engine, dead_letters.bury, reason="unread", **told)
        walk.page.goto(f"/dead-letters/{letter}")
        walk.press(name)
    batch = f"plain-{uuid4().hex[:8]}"
    walk.type_into("payload", f'{{"batch_id": "{batch}", "campaign_id": {campaign}}}')
    walk.press("Replay")
    walk.says("Taken in again.")


def try_a_campaign(walk: Walk) -> None:
    campaign = create(walk.house)
    walk.page.goto("/campaigns")
    walk.page.get_by_role("link", name=campaign).click()
    walk.type_into("variables", "name=Ana")
    walk.press("Preview")
    walk.says("Hello Ana")
    walk.type_into("to", "+19415550101")
    walk.page.locator("[name='variables']").last.fill("name=Ana")
    walk.press("Send one")
    walk.says("Progress, and what will happen")


def stop_and_go_on(walk: Walk) -> None:
    walk.page.goto("/")
    walk.unfold("Stop Email")
    walk.type_into("why", "the words are wrong")
    walk.press("Stop Email")
    walk.says("Stopped: nothing more begins there.")
    walk.press("Resume Email")
    walk.says("Resumed.")


def leave(walk: Walk) -> None:
    for path in ("/plan", "/audit", "/batches", "/nothing"):
        walk.page.goto(path)
    walk.page.goto("/")
    walk.press("Sign out everywhere")
    walk.says("Or ask for a link")


WALKS: tuple[Callable[[Walk], None], ...] = (
    start_a_batch,
    end_batches,
    change_requests,
    look_after_a_person,
    decide_doubts,
    settle_letters,
    try_a_campaign,
    stop_and_go_on,
    leave,
)


def test_every_page_and_every_deed_works_without_a_script(
    chromium: Browser, inhabited: Inhabited, tmp_path: Path
) -> None:
    page = sign_in(chromium, inhabited, Role.ADMIN, script=False)
    asked: set[tuple[str, str]] = set()
    refused: list[tuple[int, str]] = []
    page.on("request", lambda one: asked.add((one.method, urlsplit(one.url).path)))
    page.on(
        "response", lambda one: refused.append((one.status, one.url)) if one.status >= 400 else None
    )
    for walk in WALKS:
        walk(Walk(page, inhabited, tmp_path))
    page.context.close()
    other = sign_in(chromium, inhabited, Role.READ, script=False)
    other.on("request", lambda one: asked.add((one.method, urlsplit(one.url).path)))
    other.get_by_role("button", name="Sign out", exact=True).click()
    other.context.close()

    assert {(status, urlsplit(url).path) for status, url in refused} == {(404, "/nothing")}
    known = {(method, path): compile_path(path)[0] for path, method, _, _ in SIGNED_IN}
    left = {
        (method, path)
        for (method, path), pattern in known.items()
        if not any(one == method and pattern.match(at) for one, at in asked)
    }
    assert left == WITHOUT_A_RACE

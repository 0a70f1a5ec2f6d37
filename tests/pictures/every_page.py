"""Every page, light and dark, wide and on a phone: for whoever looks whether anything is crooked."""

from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page
from sqlalchemy import text

from tests.fixtures.browser import sign_in
from tests.fixtures.house import Inhabited
from worker.desk.dead_letters import list_dead_letters
from worker.domain.callers import Role
from worker.store import dead_letters
from worker.store.connect import in_transaction

PAGES = {
    "now": "/",
    "batches": "/batches",
    "new-batch": "/batches/new",
    "batch": "/batches/20271121.1",
    "batch-paused": "/batches/late-payments-11",
    "bulk-order": "/bulk/new?deed=remove&batch=late-payments-11",
    "doubts": "/doubts",
    "people": "/people",
    "campaigns": "/campaigns",
    "campaign": "/campaigns/1",
    "plan": "/plan",
    "audit": "/audit",
    "letter": "/dead-letters/{letter}",
    "request": "/requests/{request}",
    "person": "/people/{person}",
    "nothing": "/nothing",
}
_SOMEBODY = text("SELECT id, recipient FROM communication_request WHERE attempt_count > 0 LIMIT 1")


def take_every_page(browser: Browser, house: Inhabited, to: Path) -> None:
    """Two widths, two schemes, all of each page."""
    places = find_places(house)
    for width, scheme in product((1280, 360), ("light", "dark")):
        page = sign_in(browser, house, Role.ADMIN, scheme=scheme, width=width)
        for name, address in PAGES.items():
            page.goto(address.format(**places))
            shoot(page, to / f"{name}-{width}-{scheme}.png")
        page.context.clear_cookies()
        page.goto("/sign-in")
        shoot(page, to / f"sign-in-{width}-{scheme}.png")
        page.context.close()


def shoot(page: Page, to: Path) -> None:
    """The whole page, once it has told its times."""
    page.wait_for_load_state()
    page.screenshot(path=to, full_page=True)


def find_places(house: Inhabited) -> dict[str, int]:
    """A request, a person and a dead letter."""
    told = {"payload": '{"batch": 7}', "task": "outreach.create_batch", "message_id": "m-1"}
    in_transaction(house.engine, dead_letters.bury, reason="batch_id: is missing", **told)
    with house.engine.connect() as connection:
        request, person = connection.execute(_SOMEBODY).one()
    letter = list_dead_letters(house.engine)[0].id
    return {"request": request, "person": person, "letter": letter}

"""`make screenshots`: start a house, let batches run in it, and take the pictures.

With a folder (`make screenshots ALL=folder`) those go there, and every page in both schemes and widths.
"""

import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from tests.fixtures.browser import ABSENT, CHROMIUM, running_browser, sign_in
from tests.fixtures.house import Inhabited, inhabit, wait_until
from tests.pictures.every_page import take_every_page
from tests.programs import run_alone
from worker.desk.batches import create_batch, pause_batch, show_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.domain.callers import Role

TO = Path(__file__).parents[2] / "worker" / "api" / "console" / "pictures"
BY = "ana@clinic.example"
NAMES = ("Léa", "Ana", "Ben", "Cem", "Zoe")
ALWAYS = {
    "daily_start_time": "00:00:00",
    "daily_end_time": "23:59:59",
    "recipient_hours": False,
}
CAMPAIGNS: dict[str, dict[str, object]] = {
    "20271121.1": {
        "campaign_name": "Appointment reminder",
        "mode": "voice",
        "source": "+15125550100",
        "twiml": "<Response><Say>Hello {{ name }}, see you on {{ day }}.</Say></Response>",
        "hourly_rate": 3600,
    },
    "late-payments-11": {
        "campaign_name": "Late payments",
        "mode": "sms",
        "source": "+15125550100",
        "body": "Hello {{ name }}, please call us before {{ day }}.",
    },
    "newsletter-48": {
        "campaign_name": "Newsletter",
        "mode": "email",
        "source": "news@example.com",
        "subject": "News for {{ name }}",
        "text": "See you on {{ day }}.",
    },
}


def main() -> int:
    """Take them, or say why not."""
    if CHROMIUM is None:
        sys.stderr.write(f"{ABSENT}\n")
        return 1
    to = Path(sys.argv[1]) if sys.argv[1:] else TO
    to.mkdir(exist_ok=True, parents=True)
    with TemporaryDirectory() as folder, inhabit(Path(folder), {}) as house:
        fill(house)
        with running_browser() as browser:
            take(sign_in(browser, house, Role.ADMIN), to)
            if sys.argv[1:]:
                take_every_page(browser, house, to)
    return 0


def fill(house: Inhabited) -> None:
    """Three batches under way, one of which is paused."""
    for batch_id, fields in CAMPAIGNS.items():
        campaign = create_campaign(house.engine, ALWAYS | fields, by=BY)
        create_batch(house.engine, {"batch_id": batch_id, "campaign_id": campaign.id}, by=BY)
        file = people(mail=fields["mode"] == "email")
        engine = house.runtime.patient_engine
        upload_requests(engine, batch_id, file=file, filename="people.csv", by=BY)
        if batch_id == "late-payments-11":
            pause_batch(house.engine, batch_id, by=BY, why="wrong day")
    wait_until(lambda: show_batch(house.engine, "newsletter-48").open == 0)
    wait_until(lambda: show_batch(house.engine, "20271121.1").open < 1_150)


def people(*, mail: bool) -> BytesIO:
    """Twelve hundred of them."""
    rows = [
        f"C-{n:04},{f'p{n}@example.com' if mail else f'+1512555{n:04}'},{NAMES[n % 5]},Wednesday"
        for n in range(2_000, 3_200)
    ]
    return BytesIO("\n".join(["reference_id,target,name,day", *rows]).encode())


def take(page: Page, to: Path) -> None:
    """The five pages that say most."""
    addresses = {
        "now": "/",
        "batches": "/batches",
        "batch": "/batches/20271121.1",
    }
    for name, address in addresses.items():
        page.goto(address)
        page.wait_for_timeout(1_500)
        page.screenshot(path=to / f"{name}.png")
    page.goto("/people")
    page.get_by_label("Number or mailbox").fill("(512) 555-2000")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Suppress on sms").click()
    page.get_by_text("unsubscribed").first.wait_for()
    page.screenshot(path=to / "person.png")
    page.goto("/batches/20271121.1")
    page.locator("td.id a").first.click()
    page.get_by_role("button", name="Reveal").click()
    page.wait_for_load_state()
    page.screenshot(path=to / "request.png")


if __name__ == "__main__":
    run_alone(main)

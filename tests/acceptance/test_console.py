"""The console in a real browser, over real processes and the sandbox."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from tests.fixtures.browser import sign_in
from tests.fixtures.house import Inhabited
from worker.desk.audit import list_audit
from worker.desk.campaigns import create_campaign
from worker.domain.audit import Deed
from worker.domain.callers import Role

BY = "ana@example.com"
CANARY = "Zarquon"
SECONDS = 1000
PEOPLE = 300
PAGES = ("/", "/batches", "/batches/new", "/doubts", "/people", "/campaigns", "/plan", "/audit")


def create(house: Inhabited, **changes: object) -> str:
    """A campaign that calls at any hour."""
    name = f"console {uuid4().hex[:8]}"
    fields: dict[str, object] = {
        "campaign_name": name,
        "mode": "voice",
        "source": "+15125550100",
        "twiml": "<Response><Say>Hello {{ name }}</Say></Response>",
        "daily_start_time": "00:00:00",
        "daily_end_time": "23:59:59",
        "recipient_hours": False,
    }
    create_campaign(house.engine, fields | changes, by=BY)
    return name


def write_file(folder: Path, area: int, people: int = PEOPLE) -> tuple[Path, list[str]]:
    """People of one area code, each with a canary for a name."""
    targets = [f"+1{area}555{n:04}" for n in range(1000, 1000 + people)]
    rows = "".join(f"C-{n},{one},{CANARY}{n}\n" for n, one in enumerate(targets))
    file = folder / "people.csv"
    file.write_text(f"reference_id,target,name\n{rows}", encoding="utf-8")
    return file, targets


def upload(page: Page, campaign: str, batch: str, file: Path) -> None:
    """Fill in the form of a new batch and send it."""
    page.goto("/batches/new")
    page.get_by_label("Campaign").select_option(label=campaign)
    page.get_by_label("Name of the batch").fill(batch)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()


def begun(house: Inhabited, batch: str, since: datetime | None = None) -> int:
    """Attempts of a batch that began, after a moment if one is named."""
    counted = text("""
        SELECT count(*) FROM attempt AS a JOIN communication_batch AS b ON b.id = a.batch
        WHERE b.batch_id = :batch AND (CAST(:since AS timestamptz) IS NULL OR a.began_at > :since)
    """)
    with house.engine.connect() as connection:
        return int(connection.scalar(counted, {"batch": batch, "since": since}) or 0)


def database_time(house: Inhabited) -> datetime:
    with house.engine.connect() as connection:
        at = connection.scalar(text("SELECT clock_timestamp()"))
    assert isinstance(at, datetime)
    return at


def posts(house: Inhabited, targets: list[str]) -> int:
    """Contacts to these people that the provider saw."""
    wanted = set(targets)
    seen: list[Mapping[str, object]] = house.sandbox("ledger")
    return sum(contact.get("to") in wanted for contact in seen)


def test_a_file_is_uploaded_looked_at_confirmed_and_watched_to_its_end(
    chromium: Browser, inhabited: Inhabited, tmp_path: Path
) -> None:
    batch, campaign = f"watched-{uuid4().hex[:8]}", create(inhabited)
    file, targets = write_file(tmp_path, 972)
    page = sign_in(chromium, inhabited, Role.OPERATE)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    upload(page, campaign, batch, file)

    expect(page.get_by_role("button", name=f"Start: contact {PEOPLE} people")).to_be_visible(
        timeout=30 * SECONDS
    )
    assert f"Hello {CANARY}0" in page.content()
    assert begun(inhabited, batch) == 0
    page.get_by_role("button", name=re.compile("^Start")).click()

    inhabited.wait_until_final(batch)
    expect(page.get_by_text(f"{PEOPLE} done")).to_be_visible(timeout=5 * SECONDS)
    reached = [one["to"] for one in inhabited.sandbox("ledger") if one["to"] in set(targets)]
    assert sorted(reached) == sorted(targets)
    shown = page.content()
    assert CANARY not in shown
    assert not [one for one in targets if one in shown]
    assert not [url for url in requested if CANARY in url or any(one[1:] in url for one in targets)]
    assert {url.split("/")[2] for url in requested} == {inhabited.house.api_url.split("/")[2]}
    assert CANARY not in inhabited.logs()
    reveals = [one for one in list_audit(inhabited.engine, batch=batch) if one.deed is Deed.REVEAL]
    assert len(reveals) == 1
    page.context.close()


def test_after_a_pause_nothing_begins_and_after_its_word_nothing_is_posted(
    chromium: Browser, inhabited: Inhabited, tmp_path: Path
) -> None:
    batch, campaign = f"paused-{uuid4().hex[:8]}", create(inhabited, hourly_rate=3600)
    file, targets = write_file(tmp_path, 940)
    page = sign_in(chromium, inhabited, Role.OPERATE)
    upload(page, campaign, batch, file)
    page.get_by_role("button", name=re.compile("^Start")).click()
    expect(page.get_by_text(re.compile(r"[1-9]\d* done"))).to_be_visible(timeout=60 * SECONDS)

    page.keyboard.press("p")
    page.get_by_label("Why").first.fill("wrong words")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Paused: none of its people")).to_be_visible(timeout=30 * SECONDS)
    held = database_time(inhabited)
    expect(page.get_by_text("Nothing more can go out.")).to_be_visible(timeout=60 * SECONDS)
    posted = posts(inhabited, targets)

    page.get_by_role("link", name="Now", exact=True).click()
    expect(page.get_by_text("paused by operate@example.com")).to_be_visible()
    assert begun(inhabited, batch, held) == 0
    assert posts(inhabited, targets) == posted
    page.context.close()


UNSEEN = """(() => {
    const one = document.activeElement, style = getComputedStyle(one);
    return one !== document.body && (style.outlineStyle === "none" || style.outlineWidth === "0px")
        ? one.outerHTML : "";
})()"""


def test_whoever_uses_keys_sees_where_they_are(chromium: Browser, inhabited: Inhabited) -> None:
    page = sign_in(chromium, inhabited, Role.ADMIN)
    unseen = []
    for path in ("/", "/batches", "/people", "/batches/new"):
        page.goto(path)
        for _ in range(16):
            page.keyboard.press("Tab")
            unseen.append(page.evaluate(UNSEEN))

    assert list(filter(None, unseen)) == []
    page.context.close()


@pytest.mark.sampled
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_keeps_anybody_out(
    scheme: str, chromium: Browser, inhabited: Inhabited, tmp_path: Path
) -> None:
    batch, campaign = f"judged-{scheme}-{uuid4().hex[:8]}", create(inhabited)
    file, _ = write_file(tmp_path, 915 if scheme == "dark" else 903, people=3)
    width = 360 if scheme == "dark" else 1240
    page = sign_in(chromium, inhabited, Role.ADMIN, scheme=scheme, width=width, judged=True)
    page.goto("/")
    faults = judge(page, "sign-in")
    upload(page, campaign, batch, file)
    page.get_by_role("button", name=re.compile("^Start")).wait_for(timeout=30 * SECONDS)
    faults += judge(page, "review")
    page.goto(f"/batches/{batch}")
    faults += judge(page, "batch")
    page.get_by_role("link", name="C-0").click()
    faults += judge(page, "request")
    page.get_by_role("button", name="Reveal").click()
    faults += judge(page, "request revealed")
    page.get_by_role("link", name="everything done to this person").click()
    faults += judge(page, "person")
    deeds = (f"/bulk/new?deed=remove&batch={batch}", f"/bulk/new?deed=retry&batch={batch}")
    for path in (*PAGES, *deeds, "/campaigns/1", f"/batches/{batch}?status=PENDING", "/nothing"):
        page.goto(path)
        faults += judge(page, path)

    assert faults == []
    page.context.close()


def judge(page: Page, name: str) -> list[str]:
    """What axe finds serious, and what is wider than the screen."""
    page.wait_for_load_state()
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in {"serious", "critical"}]
    wider = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    sideways = [f"{name}: {wider} px are beside the screen"] if wider > 0 else []
    return [*(f"{name}: {one['id']} {one['nodes'][0]['html']}" for one in serious), *sideways]


def test_every_page_works_without_a_script_and_at_the_width_of_a_phone(
    chromium: Browser, inhabited: Inhabited, tmp_path: Path
) -> None:
    batch, campaign = f"plain-{uuid4().hex[:8]}", create(inhabited)
    file, _ = write_file(tmp_path, 806, people=3)
    page = sign_in(chromium, inhabited, Role.ADMIN, script=False, width=360)
    upload(page, campaign, batch, file)
    expect(page.get_by_role("button", name="Start: contact 3 people")).to_be_visible()

    for path in (*PAGES, f"/batches/{batch}"):
        page.goto(path)
        expect(page.get_by_role("navigation")).to_be_visible()
        width = page.locator("body").bounding_box()
        assert width is not None
        assert width["width"] <= 360, path
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("It goes on.")).to_be_visible()
    page.locator("#pause summary").click()
    page.locator("#pause input[name=why]").fill("look first")
    page.locator("#pause button").click()
    expect(page.get_by_text("Paused: none of its people")).to_be_visible()
    page.context.close()

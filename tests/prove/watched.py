"""Ten thousand people are contacted while somebody watches them in a real browser.

A file is uploaded, looked at and confirmed in Chromium, and its batch watched from the first to the last of
its people. The judge is the database: the page must say that all are done within two seconds of it.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page
from sqlalchemy import text

from tests.factories import ANA, ANY_TIME
from tests.fixtures.browser import ABSENT, CHROMIUM, running_browser, sign_in
from tests.fixtures.house import Inhabited, inhabit
from tests.programs import run_alone
from worker.desk.campaigns import create_campaign
from worker.domain.callers import Role

MOST = 10_000
LATEST = 2.0
PATIENCE = 1_200.0
CAMPAIGN = {
    "campaign_name": "watched",
    "mode": "email",
    "source": "watched@example.com",
    "subject": "Hello",
    "text": "Hello {{ name }}",
    **ANY_TIME,
}
_LEFT = text("""
    SELECT count(*) FROM communication_request WHERE request_status NOT IN ('COMPLETED', 'FAILED')
""")


def main() -> int:
    """Contact them and watch; 1 where the page tells of it too late."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.watched", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is random")
    parser.add_argument("--n", type=int, default=MOST, help="people, 10,000 at the most")
    n = min(MOST, parser.parse_args().n)
    if CHROMIUM is None:
        sys.stdout.write(f"{ABSENT}\n")
        return 0
    with (
        TemporaryDirectory() as name,
        inhabit(Path(name), {}) as house,
        running_browser() as browser,
    ):
        create_campaign(house.engine, CAMPAIGN, by=ANA)
        page = sign_in(browser, house, Role.OPERATE)
        uploaded = upload(page, write_file(Path(name), n), n)
        page.get_by_role("button", name="Start").click()
        took, late = watch(page, house, n)
    told = f"{n:,} uploaded and shown in {uploaded:.1f} s, contacted in {took:.1f} s"
    bad = late > LATEST
    sys.stdout.write(
        f"{told}; the page said so {late:.1f} s after the database{'  TOO LATE' if bad else ''}\n"
    )
    return int(bad)


def write_file(folder: Path, n: int) -> Path:
    """So many people, each with a name."""
    file = folder / "people.csv"
    rows = "".join(f"W-{one},w{one}@example.com,Ana\n" for one in range(n))
    file.write_text(f"reference_id,target,name\n{rows}", encoding="utf-8")
    return file


def upload(page: Page, file: Path, n: int) -> float:
    """Upload it; the seconds until what came in is shown."""
    began = time.monotonic()
    page.goto("/batches/new")
    page.get_by_label("Name of the batch").fill("watched")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_text(f"Start: contact {n:,} people").wait_for(timeout=1_000 * PATIENCE)
    return time.monotonic() - began


def watch(page: Page, house: Inhabited, n: int) -> tuple[float, float]:
    """Watch until the last: seconds until the database has all, and how much later the page says so."""
    began, whole = time.monotonic(), f"{n:,} done"
    page.get_by_text("Progress, and what will happen").wait_for()
    while _left(house):
        if time.monotonic() - began > PATIENCE:
            raise SystemExit(f"not all were contacted within {PATIENCE:.0f} s")
        page.wait_for_timeout(100)
    done = time.monotonic()
    page.get_by_text(whole).first.wait_for(timeout=60_000)
    return done - began, time.monotonic() - done


def _left(house: Inhabited) -> int:
    with house.engine.connect() as connection:
        return int(connection.scalar(_LEFT) or 0)


if __name__ == "__main__":
    run_alone(main)

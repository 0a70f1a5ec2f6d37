"""What dispatch feels of the API: 300 mixed requests a second for a minute beside 200 mails a second.

A whole house sends alone first, and for as long with the API asked beside. The p99 of the API may be 100 ms,
and the CPU that dispatch's processes take for a mail may grow by a tenth.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from sqlalchemy import text

from tests.benchmarks.machine import cpu_seconds
from tests.callers import make_key
from tests.factories import ANA
from tests.fixtures.house import Inhabited, inhabit, wait_until
from tests.programs import run_alone
from tests.prove.mix import PER_SECOND, Client, prepare
from worker.desk.batches import create_batch, resume_batch
from worker.desk.uploads import upload_requests
from worker.domain.callers import Role

SECONDS = 60
MAILS_PER_SECOND = 200
MOST_P99, MOST_GROWTH = 100.0, 1.1
DISPATCH = ({"tasks.scheduler"}, {"tasks.process", "email"})
"""Words in the commands of the processes that send."""

_BEGUN = text("""
    SELECT count(*) FROM attempt AS a JOIN communication_batch AS b ON b.id = a.batch
    WHERE b.batch_id = 'D'
""")


@dataclass(frozen=True, slots=True)
class Span:
    """A span of dispatch: mails a second, and milliseconds of CPU for each."""

    per_second: float
    cost: float


def main() -> int:
    """Measure, print a table; 1 where the API is too slow or dispatch too dear."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.beside", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is random")
    parser.add_argument("--n", type=int, default=PER_SECOND * SECONDS, help="requests at most")
    seconds = min(parser.parse_args().n // PER_SECOND, SECONDS)
    held = {"EMAIL_PER_SECOND": str(MAILS_PER_SECOND), "MAIL_GROUP": "1"}
    with (
        tempfile.TemporaryDirectory(prefix="beside-") as folder,
        inhabit(Path(folder) / "state", held) as house,
    ):
        port = urlsplit(house.house.api_url).port or 0
        key = make_key(house.engine, role=Role.ADMIN, per_second=100_000)
        client = Client(port, key, prepare(house.engine))
        start_dispatch(house, client.campaign, 3 * seconds * MAILS_PER_SECOND)
        alone = span(house, lambda: time.sleep(seconds))
        beside = span(house, lambda: asyncio.run(client.ask(seconds * PER_SECOND)))
    return show(seconds, alone, beside, client)


def start_dispatch(house: Inhabited, campaign: int, people: int) -> None:
    """A batch of as many as will last, under way."""
    create_batch(house.engine, {"batch_id": "D", "campaign_id": campaign, "paused": True}, by=ANA)
    rows = "".join(f"{n},d{n}@example.com\n" for n in range(people))
    file = BytesIO(f"reference_id,target\n{rows}".encode())
    upload_requests(house.runtime.patient_engine, "D", file=file, filename="d.csv", by=ANA)
    resume_batch(house.engine, "D", by=ANA)
    wait_until(lambda: begun(house) > MAILS_PER_SECOND)


def begun(house: Inhabited) -> int:
    """Count the attempts so far."""
    with house.engine.begin() as connection:
        return int(connection.scalar(_BEGUN) or 0)


def span(house: Inhabited, meanwhile: Callable[[], None]) -> Span:
    """Measure dispatch while something else is done."""
    tree = {"dispatch": processes(house)}
    before, sent, began = cpu_seconds(tree)["dispatch"], begun(house), time.monotonic()
    meanwhile()
    used, mails = cpu_seconds(tree)["dispatch"] - before, begun(house) - sent
    assert mails, "nobody was left to be sent to"
    return Span(mails / (time.monotonic() - began), 1000 * used / max(1, mails))


def processes(house: Inhabited) -> list[int]:
    """The processes of the house that send mails."""
    mark = house.environment["OUTREACH_HOUSE"]
    found = [
        process.pid
        for process in psutil.process_iter(["environ", "cmdline"])
        if (process.info["environ"] or {}).get("OUTREACH_HOUSE") == mark
        and any(words <= set(process.info["cmdline"] or ()) for words in DISPATCH)
    ]
    assert len(found) >= len(DISPATCH)
    parents = {one: psutil.Process(one).ppid() for one in found}
    return [one for one in found if parents[one] not in found]


def show(seconds: int, alone: Span, beside: Span, client: Client) -> int:
    """The table, and whether it holds."""
    growth = beside.cost / alone.cost
    p99, answered = client.within(0.99), dict(client.statuses)
    lines = [
        f"## The API beside dispatch: {PER_SECOND} a second for {seconds} s",
        *("", "| dispatch | mails a second | CPU each, ms |", "|---|---|---|"),
        f"| alone | {alone.per_second:.0f} | {alone.cost:.2f} |",
        f"| beside the API | {beside.per_second:.0f} | {beside.cost:.2f} |",
        "",
        f"A mail cost {growth:.2f} times as much; the API was answered so: {answered}, in",
        f"{client.within(0.5):.1f} ms (median) and {p99:.1f} ms (p99).",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(p99 > MOST_P99 or growth > MOST_GROWTH or set(answered) != {200})


if __name__ == "__main__":
    run_alone(main)

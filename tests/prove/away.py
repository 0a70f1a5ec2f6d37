"""The database is away for ten minutes: no process is ended by its probe, and no answer is lost.

A whole house dispatches over all three channels to a sandbox that takes its time, so that many requests are
under way when the database is shut down. While it is away every probe is asked again and again; then it
comes back, and the sandbox's ledger is held against it: each contact is known, by the provider's own id.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID

import psutil
from sqlalchemy import text

from tests.factories import ANY_TIME
from tests.fixtures.house import ROOT, Inhabited, inhabit, wait_until
from tests.programs import run_alone
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.domain.statuses import AttemptState
from worker.local.postgres import EmbeddedPostgres, running_postgres

SECONDS, PEOPLE = 600.0, 200
LATENCY = 5_000
"""Milliseconds that the sandbox takes for each answer."""
EVERY = 3.0
"""Seconds between two looks at every probe."""
SETTLED = 300.0
"""Seconds that the house may take, once the database is back."""
FIRST = 7_700
BY = "ana@example.com"
CONTENT: dict[str, dict[str, object]] = {
    "voice": {"source": "+15125550100", "twiml": "<Response><Say>Hello</Say></Response>"},
    "sms": {"source": "+15125550100", "body": "Hello"},
    "email": {"source": "ana@example.com", "subject": "Hello", "text": "Hello"},
}
REACHED = {AttemptState.ACCEPTED.value, AttemptState.DONE.value}
_ATTEMPTS = text("SELECT token, state, sid FROM attempt")
_OPEN = text("""
    SELECT count(*) FROM communication_request AS r
    JOIN communication_batch AS b ON b.id = r.batch AND b.batch_id LIKE 'away-%'
    LEFT JOIN attempt AS a ON a.request = r.id
    WHERE r.request_status = 'PENDING' OR a.state IN ('SENDING', 'IN_DOUBT')
""")


@dataclass(slots=True)
class Absence:
    """What a while without a database has shown."""

    looks: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    """What a probe said, and how often."""
    ended: int = 0
    """Processes of the house that are not those of before."""
    kept: int = 0
    """Contacts whose answer came while the database was away."""
    contacts: int = 0
    lost: int = 0
    """Contacts of which the database does not know the provider's id, or not that they were made."""
    doubled: int = 0

    @property
    def holds(self) -> bool:
        """Return whether the promise was kept, and there was anything to keep."""
        return not (self.dead or self.ended or self.lost or self.doubled) and self.kept > 0


def be_without(
    house: Inhabited, absence: AbstractContextManager[None], people: int, seconds: float
) -> Absence:
    """Dispatch, take the database away for so long, and judge.

    Args:
        house: it runs, and nothing else is sent in it meanwhile.
        absence: the database is away while it is entered.
        people: how many are contacted on each channel.
        seconds: how long it is away.
    """
    found, before = Absence(), set(processes(house))
    house.switch_sandbox(latency_ms=LATENCY)
    began = time.time()
    for channel in CONTENT:
        load(house, channel, people)
    wait_until(lambda: house.sandbox(f"posts?since={began}")["posts"] >= len(CONTENT))
    with absence:
        left = time.time()
        house.switch_sandbox(latency_ms=0)
        while time.time() < left + seconds:
            found.looks += 1
            found.dead.update(probe(house))
            time.sleep(EVERY)
        back = time.time()
    wait_until(lambda: is_settled(house), SETTLED)
    found.ended = len(before ^ set(processes(house)))
    judge(house, found, began, (left, back))
    return found


def judge(house: Inhabited, found: Absence, began: float, away: tuple[float, float]) -> None:
    """Hold the sandbox's ledger against the database."""
    with house.engine.connect() as connection:
        known = {row.token: (row.state, row.sid) for row in connection.execute(_ATTEMPTS)}
    contacts = [one for one in house.sandbox("ledger") if one["accepted_at"] >= began]
    found.contacts = len(contacts)
    found.kept = sum(away[0] < one["accepted_at"] < away[1] for one in contacts)
    found.doubled = sum(
        n - 1 for n in Counter((one["kind"], one["to"]) for one in contacts).values()
    )
    for one in contacts:
        state, sid = known.get(UUID(one["token"]), (None, None))
        found.lost += state not in REACHED or sid != one["sid"]


def is_settled(house: Inhabited) -> bool:
    """Nobody waits any more, and nothing is in doubt."""
    with house.engine.connect() as connection:
        return not int(connection.scalar(_OPEN) or 0)


def load(house: Inhabited, channel: str, people: int) -> None:
    """A batch of so many people."""
    name = f"away-{channel}"
    campaign = create_campaign(
        house.engine, {"campaign_name": name, "mode": channel} | CONTENT[channel] | ANY_TIME, by=BY
    )
    create_batch(house.engine, {"batch_id": name, "campaign_id": campaign.id}, by=BY)
    numbers = range(FIRST, FIRST + people)
    targets = (f"away{n}@example.com" if channel == "email" else f"+1512555{n:04}" for n in numbers)
    rows = [f"R{n},{to}" for n, to in zip(numbers, targets, strict=True)]
    file = io.BytesIO("\n".join(["reference_id,target", *rows, ""]).encode())
    upload_requests(house.runtime.patient_engine, name, file=file, filename="away.csv", by=BY)


def processes(house: Inhabited) -> Iterator[int]:
    """The process ids of all that the house started."""
    for process in psutil.process_iter(["environ"]):
        mark = (process.info["environ"] or {}).get("OUTREACH_HOUSE")
        if mark == house.environment["OUTREACH_HOUSE"]:
            yield process.pid


def probe(house: Inhabited) -> Sequence[str]:
    """What the probes of all processes say; nothing where all are alive."""
    command = [sys.executable, "-m", "worker.cli.entry", "alive"]
    asked = subprocess.run(
        command, cwd=ROOT, env=dict(house.environment), check=False, capture_output=True, text=True
    )
    doors = {"web": house.house.web_url, "api": house.house.api_url}
    shut = [f"{name} is not alive" for name, url in doors.items() if not is_live(url)]
    return [*asked.stderr.splitlines(), *shut]


def is_live(url: str) -> bool:
    """Return whether a door says that it is alive."""
    try:
        with urlopen(f"{url}/health/live", timeout=10) as answer:  # noqa: S310  loopback
            status: int = answer.status
            return status == 200
    except (URLError, TimeoutError):
        return False


@contextmanager
def shut_down(postgres: EmbeddedPostgres) -> Iterator[None]:
    """The server is stopped, and started again."""
    postgres.stop("fast")
    yield
    postgres.start()


def show(found: Absence, seconds: float, say: Callable[[str], object]) -> None:
    """A table."""
    say(f"## The database away for {seconds:.0f} s\n\n")
    say("| asked or counted | |\n|---|---|\n")
    for what, n in (
        ("rounds of probes: every process of the house, and both HTTP doors", found.looks),
        ("probes that failed", found.dead.total()),
        ("processes that were ended or began anew", found.ended),
        ("contacts in the sandbox's ledger", found.contacts),
        ("of them accepted while the database was away", found.kept),
        ("answers lost: contacts the database does not know by the provider's id", found.lost),
        ("people contacted twice", found.doubled),
    ):
        say(f"| {what} | {n:,} |\n")
    for sentence, n in found.dead.items():
        say(f"\n{n} times: {sentence}\n")


def main() -> int:
    """Run it; fail where a probe failed or an answer is lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.away", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument(
        "--n", type=int, default=PEOPLE, help=f"people on each channel, at most {PEOPLE}"
    )
    parser.add_argument("--seed", type=int, help="not used: nothing here is by chance")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="outreach-away-") as folder,
        running_postgres(Path(folder) / "postgres", fresh=True) as postgres,
        inhabit(
            Path(folder) / "house",
            {"DATABASE_URL": postgres.url, "HEARTBEAT_DIR": str(Path(folder) / "alive")},
        ) as house,
    ):
        people = min(chosen.n, PEOPLE)
        found = be_without(house, shut_down(postgres), people, chosen.seconds)
    show(found, chosen.seconds, sys.stdout.write)
    return 0 if found.holds else 1


if __name__ == "__main__":
    run_alone(main)

"""A pause that was answered has committed: nothing of its batch begins after the answer.

A whole house dispatches at full pace, and others read from the API at the same time. Again and again the
batch is resumed, seen to begin attempts and paused over HTTP. Two judges say what began while it was held:
the attempts, and the sandbox's book, each of whose contacts is known by the token on the wire. Beside it the
same batch is created three times at once, as a client does that repeats what it asks.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random
from threading import Event, Thread
from urllib.request import Request, urlopen

from sqlalchemy import text

from tests.callers import make_key
from tests.factories import ANA, ANY_TIME, database_time
from tests.fixtures.house import Inhabited, inhabit, wait_until
from tests.programs import run_alone
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.domain.callers import Role

MOST = 200
SOURCE = "pauses@example.com"
CAMPAIGN = {
    "campaign_name": "pauses",
    "mode": "email",
    "source": SOURCE,
    "subject": "Hello",
    "text": "Hello {{ n | strip }}",
    **ANY_TIME,
}
OUTBOUND, OUTREACH = "/api/v1/outbound/batches", "/api/v1/outreach/batches"
KINDS: tuple[tuple[str, str, str, Mapping[str, object]], ...] = (
    ("PUT", "PUT", f"{OUTBOUND}/P", {"paused": True}),
    ("wait", "POST", f"{OUTREACH}/P/pause?wait=true", {}),
)
ENOUGH, PORTION = 1_000, 5_000
HELD = 0.2
"""Seconds in which whatever was claimed before would begin, if it could."""

_BEGUN = text("""
    SELECT count(*) FROM attempt AS a JOIN communication_batch AS b ON b.id = a.batch
    WHERE b.batch_id = :batch AND (CAST(:since AS timestamptz) IS NULL OR a.began_at > :since)
""")
_OF_TOKENS = text("SELECT began_at FROM attempt WHERE token = ANY (CAST(:tokens AS uuid[]))")
_WAITING = text("""
    SELECT count(*) FROM communication_request AS r JOIN communication_batch AS b ON b.id = r.batch
    WHERE b.batch_id = 'P' AND r.request_status = 'PENDING'
""")


@dataclass(slots=True)
class Trials:
    """A house with its key, and how many requests were given to it."""

    house: Inhabited
    key: str
    given: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    held: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    """By which pause, from its answer until before the next resume."""

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> int:
        """Ask the API; the status."""
        raw = None if body is None else json.dumps(body).encode()
        headers = {"Syllable-API-Key": self.key, "Content-Type": "application/json"}
        url = f"{self.house.house.api_url}{path}"
        with urlopen(Request(url, raw, headers, method=method), timeout=60) as answer:  # noqa: S310  loopback
            answer.read()
            return int(answer.status)

    def count(self, since: object = None) -> int:
        """Count the batch's attempts that began after a time."""
        with self.house.engine.begin() as connection:
            return int(connection.scalar(_BEGUN, {"batch": "P", "since": since}) or 0)

    def refill(self) -> None:
        """Let the batch never run out of people."""
        with self.house.engine.begin() as connection:
            if int(connection.scalar(_WAITING) or 0) >= ENOUGH:
                return
        rows = "".join(
            f"{n},p{n}@example.com,{n}\n" for n in range(self.given, self.given + PORTION)
        )
        file = BytesIO(f"reference_id,target,n\n{rows}".encode())
        upload_requests(self.house.engine, "P", file=file, filename="p.csv", by=ANA)
        self.given += PORTION

    def hold(self, random: Random, kind: str, pause: Callable[[], int]) -> None:
        """One trial: resume, wait until it moves, pause, and count what began or went out since."""
        self.refill()
        before = self.count()
        assert self.ask("PUT", f"{OUTBOUND}/P", {"paused": False}) == 200
        wait_until(lambda: self.count() > before)
        time.sleep(random.random() * HELD / 4)
        assert pause() == 200
        answered, clock = database_time(self.house.engine), time.time()
        time.sleep(HELD)
        self.counts[f"{kind}: trials"] += 1
        self.counts[f"{kind}: begun before"] += self.count() - before
        self.counts[f"{kind}: begun after"] += self.count(answered)
        self.held.append((kind, answered, database_time(self.house.engine)))
        posted = self.house.sandbox(f"posts?since={clock}&from={SOURCE}")["posts"]
        self.counts[f"{kind}: posts after"] += int(posted)

    def judge_book(self) -> None:
        """Count the contacts of the sandbox's book whose attempts began while the batch was held.

        One that no attempt is known by began nobody knows when: it counts as well.
        """
        book = [one for one in self.house.sandbox("ledger") if one["source"] == SOURCE]
        self.counts["in the book"] = len(book)
        with self.house.engine.begin() as connection:
            rows = connection.execute(_OF_TOKENS, {"tokens": [one["token"] for one in book]})
            began = [at for (at,) in rows]
        self.counts["in the book, unknown"] = len(book) - len(began)
        for kind, since, until in self.held:
            late = sum(since < at < until for at in began)
            self.counts[f"{kind}: in the book"] += late


@contextmanager
def read_beside(trials: Trials) -> Iterator[None]:
    """Somebody reads lists and batches as fast as they are answered."""
    over = Event()

    def read() -> None:
        while not over.is_set():
            trials.ask("GET", f"{OUTBOUND}/P")
            trials.ask("GET", OUTREACH)

    reader = Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()


def create_thrice(trials: Trials, number: int, campaign: int) -> None:
    """Ask three times at once for the same batch, and once more."""
    fields = {"batch_id": f"thrice-{number}", "campaign_id": campaign}

    def create() -> int:
        return trials.ask("POST", OUTBOUND, fields)

    with ThreadPoolExecutor(3) as clients:
        answers = [one.result() for one in [clients.submit(create) for _ in range(3)]]
    trials.counts["creates answered"] += sum(one == 200 for one in [*answers, create()])


def main() -> int:
    """Try, print a table; 1 where anything began or went out after the answer."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.pauses", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n", type=int, default=MOST, help=f"trials of each kind, {MOST} at most")
    chosen = parser.parse_args()
    n = min(chosen.n, MOST)
    with (
        tempfile.TemporaryDirectory(prefix="pauses-") as folder,
        inhabit(Path(folder) / "state", {}) as house,
    ):
        counts = run(house, n, Random(chosen.seed))  # noqa: S311  a run to be repeated
    return show(counts, n)


def run(house: Inhabited, n: int, random: Random) -> Counter[str]:
    """All trials in one house."""
    campaign = create_campaign(house.engine, CAMPAIGN, by=ANA)
    made = {"batch_id": "P", "campaign_id": campaign.id, "paused": True}
    create_batch(house.engine, made, by=ANA)
    trials = Trials(house, make_key(house.engine, role=Role.ADMIN, per_second=100_000))
    with read_beside(trials):
        for kind, method, path, body in KINDS:
            for _ in range(n):
                trials.hold(random, kind, partial(trials.ask, method, path, body))
        for number in range(n):
            create_thrice(trials, number, campaign.id)
    trials.judge_book()
    made_here = text("SELECT count(*) FROM communication_batch WHERE batch_id LIKE 'thrice-%'")
    with house.engine.begin() as connection:
        trials.counts["batches made"] = int(connection.scalar(made_here) or 0)
    return trials.counts


def show(counts: Counter[str], n: int) -> int:
    """The table, and whether it holds."""
    lines = [
        f"## Pauses under load: {n} of each kind, and {n} batches that were each created four times",
        *(
            "",
            "| pause | trials | begun before | begun after its answer | of these in the book | posts after |",
        ),
        "|---|---|---|---|---|---|",
        *(
            f"| {title} | "
            + " | ".join(
                f"{counts[f'{kind}: {what}']:,}"
                for what in ("trials", "begun before", "begun after", "in the book", "posts after")
            )
            + " |"
            for kind, title in (("PUT", "`paused: true`"), ("wait", "`?wait=true`"))
        ),
        "",
        f"In the book: {counts['in the book']:,} contacts, {counts['in the book, unknown']:,} unknown.",
        f"{counts['creates answered']:,} creates were answered 200, {counts['batches made']:,} batches made.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    late = [
        f"{kind}: {what}" for kind in ("PUT", "wait") for what in ("begun after", "in the book")
    ]
    broken = any(counts[name] for name in (*late, "wait: posts after", "in the book, unknown"))
    return int(
        broken
        or not counts["in the book"]
        or counts["batches made"] != n
        or counts["creates answered"] != 4 * n
    )


if __name__ == "__main__":
    run_alone(main)

"""Texts from a pool of 20 numbers, judged by the ledger of the sandbox, which knows nothing of pools.

`python -m tests.prove.pools --n 10000 --seed 7` sends three batches to the same people and then, for more
than a minute, as many texts of one to three segments as carriers let through. It prints a table, and exits
with 1 where a number has more than two points beside its weight, anybody has two numbers, anybody lacks
the number of their own area code, or a carrier had more segments in a minute or a day than it takes.
"""

import argparse
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from logging import CRITICAL
from pathlib import Path
from random import Random
from typing import Any

import structlog
from redis import Redis

from tests.factories import ANA, ANY_TIME, make_limits
from tests.fixtures.sandbox import Sandbox
from tests.programs import run_alone
from tests.prove.ground import line_to, running_ground
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.dispatch.deliver import deliver
from worker.dispatch.provider_loop import ProviderLoop
from worker.dispatch.scan import ScanLimits, scan
from worker.domain.schedule.source_limits import SourceLimit
from worker.domain.statuses import Channel
from worker.limits import Buckets, Gate, OpenGate, SharedGate
from worker.store.connect import Engine

MOST, BATCHES, POINTS = 10_000, 3, 0.02
AREAS = ("212", "312", "415", "512", "617")
"""Of the first of the pool's numbers; people of the others have none of their own."""
ELSEWHERE = ("206", "303", "404", "702", "813")
POOL = [
    {"source": f"+1{area}5550{number:03}", "weight": 1 + number % 4}
    for number, area in enumerate((*AREAS, *(("786",) * 15)))
]
LONG = 75.0
"""Seconds in which carriers' limits are tried: more than a minute."""
LIMITS = {
    "+12065550200": SourceLimit("registration a", 240),
    "+13035550201": SourceLimit("registration a", 240),
    "+18005550202": SourceLimit("source +18005550202", 180),
    "+14045550203": SourceLimit("registration b", 4_500, per_day=150),
}


@dataclass(slots=True)
class Findings:
    """What the ledger said: a line for each promise, and those that are broken."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def note(self, promise: str, found: str, borne: str, *, holds: bool) -> None:
        """One promise, what was found, and what is borne."""
        self.lines.append((promise, found, borne))
        if not holds:
            self.broken.append(promise)


def people(n: int, areas: Sequence[str], draw: Random) -> list[str]:
    """Numbers of so many people, none of which means anything to the sandbox."""
    found: set[str] = set()
    while len(found) < n:
        found.add(f"+1{draw.choice(areas)}{draw.randint(234, 999)}{draw.randint(2000, 9999)}")
    return sorted(found)


def fill(engine: Engine, batch: str, campaign: int, numbers: Sequence[str], word: str = "") -> None:
    """A batch to all of them."""
    create_batch(engine, {"batch_id": batch, "campaign_id": campaign}, by=ANA)
    rows = "\n".join(f"{at},{one},{word or at}" for at, one in enumerate(numbers))
    file = BytesIO(f"reference_id,target,name\n{rows}\n".encode())
    upload_requests(engine, batch, file=file, filename="people.csv", by=ANA)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What sends: scans and deliveries, as the processes do them."""

    engine: Engine
    line: ProviderLoop
    gate: Gate
    limits: Mapping[str, SourceLimit] = field(default_factory=dict)

    def drain(self, batch: str, until: float = float("inf")) -> None:
        """Send until nothing of it is due, or this moment has come."""
        scans = ScanLimits(lease=timedelta(seconds=90), chunk_size=100, backlog_chunks=8)
        with ThreadPoolExecutor(4) as workers:
            while time.monotonic() < until:
                chunks = scan(self.engine, scans, {Channel.SMS: 0}, only=batch)
                if not chunks and until == float("inf"):
                    return
                list(workers.map(self.deliver, chunks))

    def deliver(self, chunk: Any) -> None:
        """Contact everybody of a chunk."""
        limits = make_limits(
            flush_rows=200, limit_of=self.limits.get, send_window=timedelta(seconds=5)
        )
        deliver(self.engine, self.line, limits, chunk, self.gate)


def prove_shares(
    dispatch: Dispatch, sandbox: Sandbox, n: int, seed: int, points: float
) -> Findings:
    """Three batches to the same people, from one pool."""
    draw, found = Random(seed), Findings()  # noqa: S311  a seed, not a secret
    far, near = people(n - n // 10, ELSEWHERE, draw), people(n // 10, AREAS, draw)
    campaign = create_campaign(
        dispatch.engine,
        {"campaign_name": f"pool {seed}", "mode": "sms", "pool": POOL, "body": "Hi", **ANY_TIME},
        by=ANA,
    )
    for number in range(BATCHES):
        fill(dispatch.engine, f"pool-{seed}-{number}", campaign.id, [*far, *near])
        dispatch.drain(f"pool-{seed}-{number}")
    contacted: dict[str, Counter[str]] = {}
    for one in sandbox.ledger():
        contacted.setdefault(one["to"], Counter())[one["source"]] += 1
    texts = sum(map(Counter.total, contacted.values()))
    found.note("texts in the ledger", f"{texts:,}", f"{BATCHES * n:,}", holds=texts == BATCHES * n)
    several = sum(len(sources) > 1 for sources in contacted.values())
    found.note("people with two numbers", str(several), "0", holds=not several)
    local = {str(one["source"])[:5]: str(one["source"]) for one in POOL[: len(AREAS)]}
    lacking = sum(set(contacted.get(one, ())) != {local[one[:5]]} for one in near)
    found.note("people without their own area code", str(lacking), "0", holds=not lacking)
    drawn = Counter(next(iter(contacted[one])) for one in far if one in contacted)
    worst = max(abs(drawn[source] / len(far) - share) for source, share in shares().items())
    told = f"{100 * worst:.2f} points"
    found.note(
        "farthest from its weight", told, f"{100 * points:.0f} points", holds=worst <= points
    )
    return found


def shares() -> dict[str, float]:
    """What each number of the pool weighs of all."""
    total = sum(int(str(one["weight"])) for one in POOL)
    return {str(one["source"]): int(str(one["weight"])) / total for one in POOL}


def prove_limits(dispatch: Dispatch, sandbox: Sandbox, n: int, seed: int, lasts: float) -> Findings:
    """As many texts as carriers let through, from every source that has a limit."""
    draw, found = Random(seed), Findings()  # noqa: S311  a seed, not a secret
    sandbox.change(
        carrier_limits={
            source: {"name": one.name, "per_minute": one.per_minute}
            | ({"per_day": one.per_day} if one.per_day else {})
            for source, one in LIMITS.items()
        }
    )
    ends = time.monotonic() + lasts
    with ThreadPoolExecutor(len(LIMITS)) as side_by_side:
        for number, source in enumerate(LIMITS):
            campaign = create_campaign(
                dispatch.engine,
                {
                    "campaign_name": f"limited {seed} {number}",
                    "mode": "sms",
                    "source": source,
                    "body": "{{ name }}",
                    **ANY_TIME,
                },
                by=ANA,
            )
            word = "x" * draw.choice((100, 200, 400))
            fill(
                dispatch.engine,
                f"limited-{seed}-{number}",
                campaign.id,
                people(n, ELSEWHERE, draw),
                word,
            )
            side_by_side.submit(dispatch.drain, f"limited-{seed}-{number}", ends)
    for name, told in sandbox.summary()["carriers"].items():
        limit = next((one for one in LIMITS.values() if one.name == name), None)
        if limit is None:
            continue
        minute, day, most = told["most_a_minute"], told["most_a_day"], limit.per_minute
        holds = 0 < minute <= most
        found.note(f"{name}: segments in a minute", f"{minute:,}", f"{most:,}", holds=holds)
        if limit.per_day:
            full = limit.per_day - 3 < day <= limit.per_day
            found.note(f"{name}: segments in a day", f"{day:,}", f"{limit.per_day:,}", holds=full)
    return found


def main() -> int:
    """Send and judge; fail if a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.pools", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--n", type=int, default=MOST)
    chosen = parser.parse_args()
    n = min(chosen.n, MOST)
    # What is printed is the paper's.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    with (
        tempfile.TemporaryDirectory() as folder,
        running_ground(Path(folder)) as (engine, server, sandbox),
    ):
        line = line_to(sandbox)
        try:
            first = prove_shares(
                Dispatch(engine, line, OpenGate()), sandbox, n, chosen.seed, POINTS
            )
            sandbox.reset()
            sandbox.change(callbacks=False)
            limited = Dispatch(engine, line, gate_of(server), LIMITS)
            second = prove_limits(limited, sandbox, 1_000, chosen.seed, LONG)
        finally:
            line.close()
            engine.dispose()
    sys.stdout.write(table((first, second), n, chosen.seed))
    return int(bool(first.broken or second.broken))


def gate_of(server: Redis) -> SharedGate:
    """Carriers' limits alone."""
    rates = dict.fromkeys(Channel, 0.0)
    return SharedGate(Buckets(server), rates, patience=5.0, limit_of=LIMITS.get)


def table(found: Sequence[Findings], n: int, seed: int) -> str:
    """What was promised and found, as the paper shows it."""
    lines = [
        f"## Pools: {n:,} people over {len(POOL)} numbers in {BATCHES} batches, seed {seed}",
        "",
        "| by the sandbox's ledger | found | borne |",
        "|---|---|---|",
    ]
    lines += [f"| {' | '.join(line)} |" for one in found for line in one.lines]
    broken = [promise for one in found for promise in one.broken]
    lines += ["", f"Broken: {', '.join(broken)}." if broken else "Every promise holds."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    run_alone(main)

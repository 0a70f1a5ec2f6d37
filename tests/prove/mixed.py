"""What a mixed request to the API costs: CPU of the whole tree, database included, and how long it takes.

300 a second for a minute, each sent when its time has come, whether or not the last was answered: a client of
the public API that reads batches, lists, adds people, and pauses and resumes. CPU must be at most a
millisecond a request, p99 at most 100 ms. What runs beside it, and a bare route with the same statements, are
not measured here.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp

from tests.benchmarks.machine import cpu_seconds
from tests.callers import make_key
from tests.doors import running, settings
from tests.factories import ANA, ANY_TIME
from tests.fixtures.house import wait_until
from tests.programs import run_alone
from tests.prove.large import Api
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.domain.callers import Role
from worker.local.ports import free_port
from worker.local.postgres import running_postgres
from worker.store.connect import Engine, connect
from worker.store.migrate import upgrade

PER_SECOND, SECONDS, WARM = 300, 60, 300
MOST_CPU, MOST_P99 = 1.0, 100.0
"""Milliseconds."""
STORED = 5_000
CAMPAIGN = {
    "campaign_name": "mixed",
    "mode": "email",
    "source": "mixed@example.com",
    "subject": "Hello",
    "text": "Hello",
    **ANY_TIME,
}
BATCH = "/api/v1/outbound/batches/M"
Asked = tuple[str, str, object]
MIX: tuple[Callable[[int], Asked], ...] = (
    lambda _: ("GET", BATCH, None),
    lambda n: ("GET", f"{BATCH}/results?reference_id={n % STORED}", None),
    lambda n: ("POST", f"{BATCH}/requests", _person(n)),
    lambda n: ("GET", f"/api/v1/outreach/batches/M/request?reference_id={n % STORED}", None),
    lambda _: ("GET", "/api/v1/outbound/batches?limit=25", None),
    lambda n: ("POST", f"{BATCH}/requests", _person(n)),
    lambda _: ("GET", BATCH, None),
    lambda n: ("PUT", BATCH, {"paused": n % 20 < 10}),
    lambda _: ("GET", "/api/v1/outbound/campaigns/1", None),
    lambda n: ("POST", f"{BATCH}/remove-requests", [f"new-{n - 4}"]),
)


def _person(n: int) -> dict[str, object]:
    address = f"new{n}@example.com"
    return {"reference_id": f"new-{n}", "target": address, "request_variables": {}}


def main() -> int:
    """Measure, print a table; 1 where a request is too dear or too slow."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.mixed", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is random")
    parser.add_argument("--n", type=int, default=PER_SECOND * SECONDS, help="requests at most")
    n = min(parser.parse_args().n, PER_SECOND * SECONDS)
    with (
        tempfile.TemporaryDirectory(prefix="mixed-") as folder,
        running_postgres(Path(folder) / "postgres", fresh=True) as server,
    ):
        full = server.url.replace("postgresql://", "postgresql+psycopg://")
        upgrade(full)
        engine = connect(full)
        key, port = prepare(engine), free_port()
        environment = settings(server.url, "redis://127.0.0.1:1/0", Path(folder))
        environment |= {"API_PORT": str(port)}
        with running(("-m", "worker.api"), environment, Path(folder) / "output") as process:
            wait_until(lambda: is_up(Api(port, key)))
            trees = {"all": [process.pid, server.pid]}
            cpu, took, statuses = asyncio.run(measure(trees, port, key, n))
        engine.dispose()
    return show(n, 1000 * cpu / n, [1000 * one for one in sorted(took)], statuses)


def prepare(engine: Engine) -> str:
    """A batch with people, and a key."""
    campaign = create_campaign(engine, CAMPAIGN, by=ANA)
    create_batch(engine, {"batch_id": "M", "campaign_id": campaign.id, "paused": True}, by=ANA)
    rows = "".join(f"{n},m{n}@example.com\n" for n in range(STORED))
    file = BytesIO(f"reference_id,target\n{rows}".encode())
    upload_requests(engine, "M", file=file, filename="m.csv", by=ANA)
    return make_key(engine, role=Role.ADMIN, per_second=100_000)


def is_up(api: Api) -> bool:
    """Return whether the process answers."""
    try:
        return api.ask("GET", BATCH, None).status == 200
    except OSError:
        return False


async def measure(
    trees: dict[str, list[int]], port: int, key: str, n: int
) -> tuple[float, list[float], Counter[int]]:
    """Seconds of CPU of all, seconds that each took from when it was due, and how they were answered."""
    took: list[float] = []
    statuses: Counter[int] = Counter()
    headers = {"Syllable-API-Key": key}
    base = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession(base, headers=headers) as client:

        async def send(number: int, due: float) -> None:
            method, path, body = MIX[number % len(MIX)](number)
            async with client.request(method, path, json=body) as answer:
                await answer.read()
                statuses[answer.status] += 1
            took.append(time.monotonic() - due)

        await _at_pace(send, range(WARM))
        took.clear()
        statuses.clear()
        before = cpu_seconds(trees)["all"]
        await _at_pace(send, range(WARM, WARM + n))
        return cpu_seconds(trees)["all"] - before, took, statuses


async def _at_pace(send: Callable[[int, float], Coroutine[Any, Any, None]], numbers: range) -> None:
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for place, number in enumerate(numbers):
            due = began + place / PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(send(number, due))


def show(n: int, cpu: float, took: list[float], statuses: Counter[int]) -> int:
    """The table, and whether it holds."""
    median, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    answered = ", ".join(f"{status}: {times:,}" for status, times in sorted(statuses.items()))
    lines = [
        f"## Mixed requests to the API: {n:,} at {PER_SECOND} a second",
        *("", "| CPU each, ms | median ms | p99 ms | answered |", "|---|---|---|---|"),
        f"| {cpu:.2f} | {median:.1f} | {p99:.1f} | {answered} |",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(cpu > MOST_CPU or p99 > MOST_P99 or set(statuses) != {200})


if __name__ == "__main__":
    run_alone(main)

"""How long the console's pages take over many rows, how large they are, and what 200 who watch cost.

Requests by the million in batches by the thousand; the process answers as it does for a browser. A page
must come within 0.2 s and be smaller than 100 KB; those who watch may use a twentieth of a core, and no
connection each.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import aiohttp
import psutil
import psycopg
from sqlalchemy import text

from tests.benchmarks.stored import fill
from tests.doors import running, settings
from tests.fixtures.house import wait_until
from tests.programs import run_alone
from worker.desk.signing_in import make_link
from worker.domain.callers import Role
from worker.local.ports import free_port
from worker.local.postgres import EmbeddedPostgres, running_postgres
from worker.store.connect import Engine

MOST_SECONDS, MOST_BYTES = 0.2, 100_000
MOST_OF_A_CORE = 0.05
NUMBER = "+15125550142"
WATCHERS = 200
WATCHED_SECONDS = 12.0
ROUNDS = 7
REQUESTS_A_BATCH = 1_000
PAGES = {
    "now": "/",
    "list": "/batches",
    "list, unfinished": "/batches?standing=unfinished",
    "batch": "/batches/{batch}",
    "batch, waiting ones": "/batches/{batch}?status=PENDING&outcome=PENDING",
    "request": "/requests/{request}",
    "person": "/people/{request}",
    "in doubt": "/doubts",
    "audit": "/audit",
    "plan": "/plan",
    "pause all, counted": "/bulk/new?deed=pause",
    "remove all, counted": "/bulk/new?deed=remove&batch={batch}",
}
FOUND = {"find a person": "{number}", "find a reference": "{reference}", "find a batch": "{batch}"}


def main() -> int:
    """Measure, print a table; 1 where something is too slow, too large or too dear."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.pages", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is random")
    parser.add_argument("--n", type=int, default=10_000_000, help="requests")
    n = parser.parse_args().n
    batches = max(200, n // REQUESTS_A_BATCH)
    with (
        TemporaryDirectory() as folder,
        running_postgres(Path(folder) / "pg", fresh=True) as server,
    ):
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE pages")
        began = time.monotonic()
        engine = fill(
            server.url_of("pages"), rows=n, open_batches=batches // 2, paused_batches=batches // 2
        )
        took = time.monotonic() - began
        with engine.begin() as connection:
            # Those that the filling makes are no numbers that anybody could type.
            somebody = text("UPDATE recipient SET identity = :number WHERE id = :id")
            connection.execute(somebody, {"number": NUMBER, "id": n // 2 + 1})
        sys.stdout.write(f"{n:,} requests in {batches:,} batches, filled in {took:,.0f} s\n\n")
        return measure(server, engine, Path(folder), n, batches)


def measure(server: EmbeddedPostgres, engine: Engine, folder: Path, n: int, batches: int) -> int:
    """Start the process on it and ask."""
    port = free_port()
    environment = settings(server.url_of("pages"), "redis://127.0.0.1:1/0", folder)
    environment |= {"API_PORT": str(port)}
    with running(("-m", "worker.api"), environment, folder / "output") as process:
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: _is_up(base))
        places = {
            "batch": f"stored-{batches - batches // 50}",
            "request": str(n // 2 + 1),
            "number": NUMBER,
            "reference": str(n // 2 + 1),
        }
        link = make_link(engine, "a@example.com", Role.OPERATE)
        failed = asyncio.run(_tell_pages(base, link, places))
        link = make_link(engine, "w@example.com", Role.READ)
        watched = _watch(base, link, server, psutil.Process(process.pid))
        return failed | _tell_watching(*asyncio.run(watched))


def _enter(base: str) -> aiohttp.ClientSession:
    # The jar of a browser keeps cookies of an address too.
    return aiohttp.ClientSession(
        base,
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        connector=aiohttp.TCPConnector(limit=WATCHERS + 10),
    )


async def _tell_pages(base: str, link: str, places: Mapping[str, str]) -> int:
    sys.stdout.write(f"{'page':24}{'median ms':>12}{'slowest ms':>12}{'KB':>8}\n")
    failed = 0
    async with _enter(base) as client:
        await client.post("/sign-in", data={"link": link})
        for name, address in PAGES.items():
            failed |= await _tell(name, partial(client.get, address.format(**places)))
        async with client.get("/people") as shown:
            token = (await shown.text()).partition('name="form_token" value="')[2][:64]
        for name, typed in FOUND.items():
            form = {"form_token": token, "who": typed.format(**places)}
            failed |= await _tell(name, partial(client.post, "/people", data=form))
    return failed


async def _tell(name: str, ask: Callable[[], AbstractAsyncContextManager[Any]]) -> int:
    taken, largest = [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        async with ask() as answer:
            size = len(await answer.read())
            assert answer.status == 200, (name, answer.status)
        taken.append(time.perf_counter() - began)
        largest = max(largest, size)
    # The first one warms what a page that is never asked for has to read from the disk.
    middle = statistics.median(taken[1:])
    bad = middle > MOST_SECONDS or largest > MOST_BYTES
    row = f"{name:24}{1000 * middle:>12,.1f}{1000 * max(taken[1:]):>12,.1f}{largest / 1000:>8,.1f}"
    sys.stdout.write(f"{row}{'  TOO MUCH' if bad else ''}\n")
    return int(bad)


def _tell_watching(used: float, connections: int) -> int:
    bad = used > MOST_OF_A_CORE or connections > WATCHERS // 10
    row = f"{100 * used:.1f} % of a core, {connections} connections to the database"
    sys.stdout.write(f"\n{WATCHERS} who watch: {row}{'  TOO MUCH' if bad else ''}\n")
    return int(bad)


async def _watch(
    base: str, link: str, server: EmbeddedPostgres, process: psutil.Process
) -> tuple[float, int]:
    async with _enter(base) as client:
        await client.post("/sign-in", data={"link": link})
        streams = [asyncio.create_task(_listen(client)) for _ in range(WATCHERS)]
        await asyncio.sleep(WATCHED_SECONDS / 2)
        before, began = sum(process.cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(WATCHED_SECONDS)
        used = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)
        connections = _connections(server)
        for one in streams:
            one.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
    return used, connections


def _connections(server: EmbeddedPostgres) -> int:
    counted = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'pages'"
    with psycopg.connect(server.url) as connection:
        row = connection.execute(counted).fetchone()
    return int(row[0]) if row else 0


async def _listen(client: aiohttp.ClientSession) -> None:
    """As a browser does: when a stream ends, it asks anew."""
    while True:
        async with client.get("/live/now", timeout=aiohttp.ClientTimeout(60)) as answer:
            async for _ in answer.content:
                pass


def _is_up(base: str) -> bool:
    try:
        with urlopen(f"{base}/health/live", timeout=5) as answer:  # noqa: S310  loopback
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


if __name__ == "__main__":
    run_alone(main)

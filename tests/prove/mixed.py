"""What a mixed request to the API costs: CPU of the whole tree, database included, and how long it takes.

300 a second for a minute, beside a bare Starlette application that makes the same statements (`bare.py`),
asked in turns with ours on the same server. A request may cost a millisecond of CPU and one and a half of
what it costs there; p99 may be 100 ms. What dispatch feels of it is measured by `beside.py`.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.benchmarks.machine import cpu_seconds
from tests.callers import make_key
from tests.doors import running, settings
from tests.fixtures.house import wait_until
from tests.programs import run_alone
from tests.prove.large import Api
from tests.prove.mix import BATCH, PER_SECOND, Client, prepare
from worker.domain.callers import Role
from worker.local.ports import free_port
from worker.local.postgres import EmbeddedPostgres, running_postgres
from worker.store.connect import connect
from worker.store.migrate import upgrade

SECONDS, WARM, TURNS = 60, 300, 6
MOST_CPU, MOST_P99 = 1.0, 100.0
"""Milliseconds."""
MOST_TIMES = 1.5


@dataclass(slots=True)
class Side:
    """One of the two servers, and the CPU seconds of its process and of the database while it is asked."""

    title: str
    client: Client
    process: int
    own: float = 0.0
    database: float = 0.0

    @property
    def cost(self) -> float:
        """Milliseconds of CPU for each request."""
        return 1000 * (self.own + self.database) / max(1, len(self.client.took))


def main() -> int:
    """Measure, print a table; 1 where a request is too dear or too slow."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.mixed", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is random")
    parser.add_argument("--n", type=int, default=PER_SECOND * SECONDS, help="requests at most")
    n = min(parser.parse_args().n, PER_SECOND * SECONDS)
    with (
        tempfile.TemporaryDirectory(prefix="mixed-") as folder,
        running_postgres(Path(folder) / "postgres", fresh=True) as server,
        ExitStack() as stack,
    ):
        ours, bare = (
            stack.enter_context(serving(server, Path(folder), title))
            for title in ("the API", "bare")
        )
        asyncio.run(measure(server, [ours, bare], n))
    return show(n, ours, bare)


@contextmanager
def serving(server: EmbeddedPostgres, folder: Path, title: str) -> Iterator[Side]:
    """A server on a database of its own, up and warm enough to answer."""
    name = title.replace(" ", "_").lower()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = server.url_of(name)
    full = url.replace("postgresql://", "postgresql+psycopg://")
    upgrade(full)
    engine = connect(full)
    campaign, port = prepare(engine), free_port()
    key = make_key(engine, role=Role.ADMIN, per_second=100_000)
    engine.dispose()
    environment = settings(url, "redis://127.0.0.1:1/0", folder) | {"API_PORT": str(port)}
    program = ("-m", "tests.prove.bare", str(port)) if title == "bare" else ("-m", "worker.api")
    with running(program, environment, folder / name) as process:
        wait_until(lambda: is_up(Api(port, key)))
        yield Side(title, Client(port, key, campaign), process.pid)


def is_up(api: Api) -> bool:
    """Return whether the process answers."""
    try:
        return api.ask("GET", BATCH, None).status == 200
    except OSError:
        return False


async def measure(server: EmbeddedPostgres, sides: list[Side], n: int) -> None:
    """Ask them in turns: whatever else the machine does then weighs on both."""
    for side in sides:
        await side.client.ask(WARM)
        side.client.forget()
    for _ in range(TURNS):
        for side in sides:
            trees = {"own": [side.process], "database": [server.pid]}
            before = cpu_seconds(trees)
            await side.client.ask(n // TURNS)
            used = cpu_seconds(trees)
            side.own += used["own"] - before["own"]
            side.database += used["database"] - before["database"]


def show(n: int, ours: Side, bare: Side) -> int:
    """The table, and whether it holds."""
    times = ours.cost / bare.cost
    lines = [
        f"## Mixed requests to the API: {n:,} at {PER_SECOND} a second, and as many to a bare route",
        *("", "| | CPU each, ms | of it the database | median ms | p99 ms | answered |"),
        "|---|---|---|---|---|---|",
        *map(_row, (ours, bare)),
        *("", f"A request costs {times:.2f} times what the same statements cost by a bare route."),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    slow = ours.client.within(0.99) > MOST_P99 or set(ours.client.statuses) != {200}
    return int(slow or ours.cost > MOST_CPU or times > MOST_TIMES)


def _row(side: Side) -> str:
    client = side.client
    database = 1000 * side.database / max(1, len(client.took))
    answered = ", ".join(
        f"{status}: {times:,}" for status, times in sorted(client.statuses.items())
    )
    figures = (
        f"{side.cost:.2f} | {database:.2f} | {client.within(0.5):.1f} | {client.within(0.99):.1f}"
    )
    return f"| {side.title} | {figures} | {answered} |"


if __name__ == "__main__":
    run_alone(main)

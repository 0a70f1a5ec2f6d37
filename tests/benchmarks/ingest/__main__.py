"""`make bench-ingest`: a file comes in three ways, side by side on embedded PostgreSQL."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from tests.benchmarks.ingest import limit, ours, people, plain
from tests.benchmarks.ingest.measure import Cost, measured
from tests.programs import run_alone
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.local.postgres import EmbeddedPostgres, running_postgres
from worker.store.connect import connect
from worker.store.migrate import upgrade

ANA = "ana@example.com"
REGION = "US"
PLAIN_ROWS = 50_000
CAMPAIGN = {"campaign_name": "c", "mode": "sms", "source": "+15125550100", "body": "Hello"}
TARGETS = {"ratio": 7.0, "of_limit": 0.5, "rss_growth_mb": 100.0}


def main() -> None:
    """Measure each way in a process and a database of its own, and say how they compare."""
    asked = _asked()
    if asked.way:
        sys.stdout.write(json.dumps(_one(asked).to_wire()) + "\n")
        return
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as folder:
        costs = _compare(Path(folder), asked.n, min(asked.n, asked.plain))
    _tell(costs)
    sys.stdout.write(json.dumps(_figures(costs)) + "\n")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-ingest", description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="rows of the file")
    parser.add_argument("--plain", type=int, default=PLAIN_ROWS, help="rows for the plain way")
    parser.add_argument("--way", choices=("plain", "ours", "limit"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--postmaster", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(folder: Path, count: int, plain_count: int) -> dict[str, Cost]:
    whole, part, ready = folder / "whole.csv", folder / "part.csv", folder / "ready"
    people.write(whole, count)
    people.write(part, plain_count)
    limit.prepare(whole, ready, REGION)
    with running_postgres(folder / "postgres", fresh=True) as server:
        return {
            "plain": _way(server, "plain", part),
            "ours": _way(server, "ours", whole),
            "limit": _way(server, "limit", ready),
        }


def _way(server: EmbeddedPostgres, way: str, file: Path) -> Cost:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE way_{way}".encode())
    url = server.url_of(f"way_{way}").replace("postgresql://", "postgresql+psycopg://")
    upgrade(url)
    _found(url)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    options = {"--way": way, "--url": url, "--file": str(file), "--postmaster": str(server.pid)}
    words = [word for pair in options.items() for word in pair]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.ingest", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _found(url: str) -> None:
    """A campaign, and the batch B of it; in a fresh database both have the id 1."""
    engine = connect(url)
    campaign = create_campaign(engine, CAMPAIGN, by=ANA)
    create_batch(engine, {"batch_id": "B", "campaign_id": campaign.id}, by=ANA)
    engine.dispose()


def _one(asked: argparse.Namespace) -> Cost:
    url, file = asked.url, asked.file
    ways = {
        "plain": lambda: plain.run(url, file, 1, REGION),
        "ours": lambda: ours.run(url, file, "B"),
        "limit": lambda: limit.run(url.replace("+psycopg", ""), file, 1),
    }
    return measured(ways[asked.way], asked.postmaster)


def _figures(costs: dict[str, Cost]) -> dict[str, Any]:
    mine = costs["ours"]
    return {
        "ratio": round(mine.rows_per_cpu_second / costs["plain"].rows_per_cpu_second, 2),
        "of_limit": round(mine.rows_per_cpu_second / costs["limit"].rows_per_cpu_second, 3),
        "rss_growth_mb": round(mine.rss_growth_mb, 1),
    }


def _tell(costs: dict[str, Cost]) -> None:
    columns = ("way", "rows", "seconds", "rows/s", "client µs", "database µs", "rows/CPU s", "MB")
    table = Table(*columns, title="CPU per row: the client's, and every process of the database's")
    for way, cost in costs.items():
        each = 1e6 / cost.rows
        table.add_row(
            way,
            f"{cost.rows:,}",
            f"{cost.seconds:.1f}",
            f"{cost.rows / cost.seconds:,.0f}",
            f"{cost.client_cpu * each:.1f}",
            f"{cost.database_cpu * each:.1f}",
            f"{cost.rows_per_cpu_second:,.0f}",
            f"{cost.rss_growth_mb:.0f}",
        )
    Console().print(table)
    for name, value in _figures(costs).items():
        sign = "<=" if name == "rss_growth_mb" else ">="
        Console().print(f"{name} {value}, target {sign} {TARGETS[name]:g}")


if __name__ == "__main__":
    run_alone(main)

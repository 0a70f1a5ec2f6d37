"""Ours and the straightforward way in turns, then ours killed under load."""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine

from config.settings import SANDBOX_ACCOUNT_SID, SANDBOX_SECRET
from tests.benchmarks.callbacks.calls import Callback, callbacks, store_calls
from tests.benchmarks.callbacks.load import Outcome, post
from tests.benchmarks.callbacks.plain import Base
from tests.keys import PUBLIC_KEY
from tests.programs import run_alone
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.local.ports import free_port
from worker.local.postgres import EmbeddedPostgres, running_postgres
from worker.store.connect import connect
from worker.store.migrate import upgrade

ROOT = Path(__file__).parents[3]
CONNECTIONS = 256
CAMPAIGN = {
    "campaign_name": "bench",
    "mode": "voice",
    "source": "+15125550100",
    "twiml": "<Response/>",
}


@dataclass(frozen=True, slots=True)
class Round:
    """One way, once: CPU in microseconds a callback, and latencies in milliseconds."""

    web_cpu: float
    database_cpu: float
    rate: float
    p50: float
    p99: float

    @property
    def cpu(self) -> float:
        """Of the HTTP process and of the whole database server."""
        return self.web_cpu + self.database_cpu


def main() -> None:
    """Measure, print the table, and end with one JSON object."""
    parser = argparse.ArgumentParser(prog="bench-callbacks", description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="callbacks a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each way")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-callbacks-") as folder:
        home = Path(folder)
        with running_postgres(home / "postgres", fresh=True) as server:
            bench = Bench(home, server, asked.n)
            rounds: dict[str, list[Round]] = {"straightforward": [], "ours": []}
            for _ in range(asked.rounds):
                rounds["straightforward"].append(bench.plain())
                rounds["ours"].append(bench.ours())
            lost, acknowledged = bench.killed()
    _tell(rounds, lost, acknowledged)


class Bench:
    """One server with a database for each way."""

    def __init__(self, home: Path, server: EmbeddedPostgres, count: int) -> None:
        self._home, self._server, self._count = home, server, count
        self._stored = 0
        with psycopg.connect(server.url, autocommit=True) as connection:
            for name in ("plain", "ours"):
                connection.execute(f"CREATE DATABASE {name}".encode())
        self._plain_engine = create_engine(_sqlalchemy(server.url_of("plain")))
        Base.metadata.create_all(self._plain_engine)
        upgrade(_sqlalchemy(server.url_of("ours")))
        engine = connect(_sqlalchemy(server.url_of("ours")))
        campaign = create_campaign(engine, CAMPAIGN, by="ana@example.com")
        create_batch(engine, {"batch_id": "B", "campaign_id": campaign.id}, by="ana@example.com")
        engine.dispose()

    def plain(self) -> Round:
        """A round of the straightforward way, on rows of its own."""
        port = free_port()
        ready = self._calls(port)
        url = _sqlalchemy(self._server.url_of("plain"))
        with (
            psycopg.connect(self._server.url_of("plain")) as connection,
            connection.cursor().copy("COPY placed_call (sid, status, rank) FROM STDIN") as copy,
        ):
            for sid in {one.sid for one in ready}:
                copy.write_row((sid, "queued", 10))
        module = "tests.benchmarks.callbacks.plain"
        with self._serving([module, url, str(port), SANDBOX_SECRET], port) as web:
            return self._measured(web, ready, port)

    def ours(self) -> Round:
        """A round of the real HTTP process."""
        port = free_port()
        ready = self._calls(port)
        with self._web(port) as web:
            return self._measured(web, ready, port)

    def killed(self) -> tuple[int, int]:
        """SIGKILL under load: how many acknowledged callbacks were not applied, and of how many."""
        port = free_port()
        ready = self._calls(port)
        with self._web(port) as web:

            def kill(outcome: Outcome) -> None:
                if len(outcome.acknowledged) > len(ready) * 0.4 and web.poll() is None:
                    web.send_signal(signal.SIGKILL)

            outcome = post(ready, port, CONNECTIONS, kill)
        with psycopg.connect(self._server.url_of("ours")) as connection:
            rows = connection.execute(
                "SELECT token, report->>'name' FROM inbox WHERE applied_at IS NOT NULL"
            )
            applied = set(rows.fetchall())
        lost = [one for one in outcome.acknowledged if (one.token, one.word) not in applied]
        return len(lost), len(outcome.acknowledged)

    def _calls(self, port: int) -> list[Callback]:
        """As many new calls as give a round of callbacks, stored as dispatch leaves them."""
        url, count = self._server.url_of("ours"), self._count // 2
        calls = store_calls(url, 1, self._stored, count)[-count:]
        self._stored += count
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
        return callbacks(calls, port, SANDBOX_SECRET)

    def _measured(self, web: "subprocess.Popen[bytes]", ready: list[Callback], port: int) -> Round:
        trees = [psutil.Process(web.pid), psutil.Process(self._server.pid)]
        post(ready[:CONNECTIONS], port, CONNECTIONS)  # every connection open, nothing new
        before, began = [_cpu(tree) for tree in trees], time.perf_counter()
        outcome = post(ready[CONNECTIONS:], port, CONNECTIONS)
        seconds, after = time.perf_counter() - began, [_cpu(tree) for tree in trees]
        each = len(outcome.acknowledged)
        assert each == len(ready) - CONNECTIONS, f"{outcome.refused} were refused"
        web_cpu, database_cpu = (
            1e6 * (late - early) / each for early, late in zip(before, after, strict=True)
        )
        return Round(
            web_cpu, database_cpu, each / seconds, outcome.percentile(0.5), outcome.percentile(0.99)
        )

    @contextmanager
    def _web(self, port: int) -> Iterator["subprocess.Popen[bytes]"]:
        with self._serving(["worker.web"], port) as web:
            yield web

    @contextmanager
    def _serving(self, words: list[str], port: int) -> Iterator["subprocess.Popen[bytes]"]:
        environment = os.environ | self._settings(port)
        with (self._home / "web.log").open("ab") as log:
            web = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        try:
            _wait_until_it_answers(port)
            yield web
        finally:
            web.kill()
            web.wait()

    def _settings(self, port: int) -> dict[str, str]:
        return {
            "DATABASE_URL": self._server.url_of("ours"),
            "BROKER_URL": "redis://127.0.0.1:1/0",
            "STATE_DIR": str(self._home / "state"),
            "TWILIO_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": SANDBOX_SECRET,
            "TWILIO_API_URL": "http://127.0.0.1:1",
            "SENDGRID_API_KEY": SANDBOX_SECRET,
            "SENDGRID_API_URL": "http://127.0.0.1:1",
            "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "WEB_PORT": str(port),
            "FLOWER_BASIC_AUTH": "ana:password",
        }


def _sqlalchemy(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def _wait_until_it_answers(port: int) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1):
                return
        except URLError as error:
            if getattr(error, "code", None) == 404:
                return
            time.sleep(0.1)
    raise TimeoutError("the HTTP process does not answer")


def _cpu(root: psutil.Process) -> float:
    total = 0.0
    for one in [root, *root.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def _tell(rounds: dict[str, list[Round]], lost: int, acknowledged: int) -> None:
    middle = {
        way: Round(
            *(
                statistics.median(getattr(one, name) for one in made)
                for name in Round.__dataclass_fields__
            )
        )
        for way, made in rounds.items()
    }
    table = Table(
        "way", "web µs", "database µs", "CPU µs", "callbacks/s", "p50 ms", "p99 ms",
        title=f"Medians of {len(rounds['ours'])} rounds at {CONNECTIONS} connections",
    )  # fmt: skip
    for way, one in middle.items():
        figures = (one.web_cpu, one.database_cpu, one.cpu, one.rate, one.p50, one.p99)
        table.add_row(way, *(f"{figure:,.0f}" for figure in figures))
    out = Console()
    out.print(table)
    out.print(f"killed under load: {lost} of {acknowledged} acknowledged callbacks lost")
    where = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    out.print(f"{time.strftime('%Y-%m-%d')}, {where}")
    ratio = middle["straightforward"].cpu / middle["ours"].cpu
    last_line = {"cpu_ratio": round(ratio, 2), "p99_ms": round(middle["ours"].p99, 1), "lost": lost}
    sys.stdout.write(json.dumps(last_line) + "\n")


if __name__ == "__main__":
    run_alone(main)

"""What is large over HTTP: 200,000 results streamed, and a file of a million rows taken in.

The first byte of the results must come within a second and cost the process no more than 60 MB; the file must
be answered within 5 s. The process has a database of its own, and nothing else runs beside it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from typing import Self

import psutil

from tests.callers import make_key
from tests.doors import running, settings
from tests.factories import ANA, ANY_TIME
from tests.fixtures.house import wait_until
from tests.programs import run_alone
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.domain.callers import Role
from worker.local.ports import free_port
from worker.local.postgres import running_postgres
from worker.store.connect import Engine, connect
from worker.store.migrate import upgrade

RESULTS, ROWS = 200_000, 1_000_000
MOST_FIRST, MOST_MEGABYTES, MOST_ANSWER = 1.0, 60.0, 5.0
CAMPAIGN = {
    "campaign_name": "large",
    "mode": "email",
    "source": "large@example.com",
    "subject": "Hello",
    "text": "Hello",
    **ANY_TIME,
}
OUTBOUND = "/api/v1/outbound/batches"
STREAMS = {
    "results (public API)": f"{OUTBOUND}/L/results",
    "results.jsonl": "/api/v1/outreach/batches/L/results/jsonl",
    "results.csv": "/api/v1/outreach/batches/L/results/csv",
}
Row = tuple[str, str, float, float]


class Peak:
    """How large a process grows while it is watched, in MB."""

    def __init__(self, process: psutil.Process) -> None:
        self.process, self.before = process, process.memory_info().rss
        self.most, self._over = self.before, Event()
        self._watcher = Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self.process.memory_info().rss)

    @property
    def grown(self) -> float:
        """By how much, at most."""
        return float(self.most - self.before) / 1e6


class Api:
    """The process, asked with a key."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key

    def ask(self, method: str, path: str, body: bytes | None, kind: str = "") -> HTTPResponse:
        """The answer, whose body is still to be read."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, {"Syllable-API-Key": self.key, "Content-Type": kind})
        return connection.getresponse()


def rows_of(n: int) -> bytes:
    """A file of so many people."""
    return b"reference_id,target\n" + b"".join(b"%d,l%d@example.com\n" % (i, i) for i in range(n))


def stream(api: Api, process: psutil.Process, n: int) -> Iterator[Row]:
    """Read each stream to its end: seconds to the first byte, MB at most."""
    for title, path in STREAMS.items():
        with Peak(process) as peak:
            began = time.monotonic()
            answer = api.ask("GET", path, None)
            answer.read(1)
            first = time.monotonic() - began
            lines = 1
            while part := answer.read(1 << 20):
                lines += part.count(b'"reference_id"') if "csv" not in path else part.count(b"\n")
        assert answer.status == 200
        assert lines >= n, (title, lines)
        yield title, f"{n:,}", first, peak.grown


def upload(api: Api, process: psutil.Process, n: int) -> Row:
    """Bring a file: seconds to its answer, MB at most."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f.csv"\r\n\r\n'
    form = head + rows_of(n) + b"\r\n--x--\r\n"
    with Peak(process) as peak:
        began = time.monotonic()
        kind = "multipart/form-data; boundary=x"
        answer = api.ask("POST", f"{OUTBOUND}/U/upload_batch", form, kind)
        said = answer.read()
        took = time.monotonic() - began
    assert answer.status == 200, said
    return "a file", f"{n:,}", took, peak.grown


def main() -> int:
    """Measure, print a table; 1 where something is too slow or too large."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.large", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is random")
    parser.add_argument("--n", type=int, default=ROWS, help="rows of the file; a fifth are results")
    n = parser.parse_args().n
    with (
        tempfile.TemporaryDirectory(prefix="large-") as folder,
        running_postgres(Path(folder) / "postgres", fresh=True) as server,
    ):
        full = server.url.replace("postgresql://", "postgresql+psycopg://")
        upgrade(full)
        engine = connect(full, guarded=False)  # 200,000 rows are stored by one statement
        key, port = prepare(engine, min(RESULTS, n // 5)), free_port()
        environment = settings(server.url, "redis://127.0.0.1:1/0", Path(folder))
        environment |= {"API_PORT": str(port)}
        with running(("-m", "worker.api"), environment, Path(folder) / "output") as process:
            measured = measure(Api(port, key), psutil.Process(process.pid), n)
        engine.dispose()
    return show(measured)


def prepare(engine: Engine, results: int) -> str:
    """A batch with results, one for the file, and a key."""
    campaign = create_campaign(engine, CAMPAIGN, by=ANA)
    for name in ("L", "U"):
        made = {"batch_id": name, "campaign_id": campaign.id, "paused": True}
        create_batch(engine, made, by=ANA)
    upload_requests(engine, "L", file=BytesIO(rows_of(results)), filename="l.csv", by=ANA)
    return make_key(engine, role=Role.ADMIN, per_second=100_000)


def measure(api: Api, process: psutil.Process, n: int) -> list[Row]:
    """Once it is up and warm."""

    def is_up() -> bool:
        try:
            return api.ask("GET", f"{OUTBOUND}/L", None).status == 200
        except OSError:
            return False

    wait_until(is_up)
    return [*stream(api, process, min(RESULTS, n // 5)), upload(api, process, n)]


def show(measured: list[Row]) -> int:
    """The table, and whether it holds."""
    out = ["## Large over HTTP", "", "| what | rows | first byte or answer, s | MB more |"]
    out.append("|---|---|---|---|")
    failed = 0
    for title, n, seconds, megabytes in measured:
        most = MOST_ANSWER if title == "a file" else MOST_FIRST
        bad = seconds > most or (megabytes > MOST_MEGABYTES and title != "a file")
        failed |= bad
        out.append(f"| {title} | {n} | {seconds:.2f} | {megabytes:.0f} |{' TOO MUCH' * bad}")
    sys.stdout.write("\n".join(out) + "\n")
    return int(failed)


if __name__ == "__main__":
    run_alone(main)

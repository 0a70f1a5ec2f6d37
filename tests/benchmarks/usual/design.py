"""The usual application, running."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import create_engine, insert

from tests.benchmarks.designs import Measured, fetch, per_request, settle
from tests.benchmarks.load import SOURCE, content, people
from tests.benchmarks.machine import Machine, cpu_seconds, process, wait_until
from tests.benchmarks.usual.models import Base, Batch, Request

# What measured best on two cores: processes where only CPU counts, threads in two processes (one of
# them alone is bound by the GIL) where time is spent waiting for the provider.
POOLS: dict[int, tuple[int, list[str], int]] = {
    0: (1, ["-P", "prefork", "-c", "2"], 1),
    100: (2, ["-P", "threads", "-c", "40"], 40),
}


class Usual:
    """Workers for one latency at a time."""

    name = "usual"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._url = machine.database("usual")
        self._engine = create_engine(self._url.replace("postgresql://", "postgresql+psycopg://"))
        Base.metadata.create_all(self._engine)
        self._environment = {
            "USUAL_DATABASE_URL": self._url,
            "USUAL_BROKER_URL": machine.valkey.url.replace("/0", "/1"),
            "STUB_URL": machine.stub,
        }
        os.environ.update(self._environment)

    def run(self, channel: str, n: int, latency: int) -> Measured:
        """Start its workers, warm them, publish one task per request, and wait for the last."""
        with self._workers(latency) as workers:
            self._dispatch(channel, 60, latency, workers)
            return self._dispatch(channel, n, latency, workers)

    @contextmanager
    def _workers(self, latency: int) -> Iterator[list[int]]:
        processes, pool, size = POOLS[latency]
        environment = {**self._environment, "USUAL_POOL_SIZE": str(size)}
        with ExitStack() as stack:
            yield [
                stack.enter_context(
                    process(
                        self._machine.home,
                        "usual",
                        _command(f"usual{number}", pool),
                        environment,
                    )
                )
                for number in range(processes)
            ]

    def _dispatch(self, channel: str, n: int, latency: int, workers: list[int]) -> Measured:
        from tests.benchmarks.usual.app import deliver  # noqa: PLC0415  reads its addresses once

        machine = self._machine
        requests = self._load(channel, n)
        settle(self._url)
        machine.slow_provider(latency)
        parts = {
            "workers": workers,
            "database": [machine.postgres.pid],
            "broker": [machine.valkey.pid],
        }
        before, publishing, began = cpu_seconds(parts), time.process_time(), time.monotonic()
        with deliver.app.producer_or_acquire() as producer:
            for request in requests:
                deliver.apply_async((request,), producer=producer)
        publishing = time.process_time() - publishing
        wait_until(lambda: machine.seen()[1] >= n)
        ended = time.monotonic()
        wait_until(lambda: self._accepted(requests[0]) >= n)
        after = cpu_seconds(parts) | {"scheduler": publishing}
        return Measured(
            n, ended - began, per_request(before, after, n), machine.seen()[2] // len(workers)
        )

    def _accepted(self, first: int) -> float:
        query = "SELECT count(*) FROM attempt WHERE request_id >= %s AND state = 'ACCEPTED'"
        return fetch(self._url, query, first)[0]

    def _load(self, channel: str, n: int) -> list[int]:
        with self._engine.begin() as connection:
            batch = connection.scalar(
                insert(Batch)
                .values(channel=channel, source=SOURCE[channel], content=content(channel))
                .returning(Batch.id)
            )
            rows = [
                {
                    "batch_id": batch,
                    "reference_id": one.reference_id,
                    "target": one.target,
                    "request_variables": one.variables,
                }
                for one in people(channel, n)
            ]
            ids = connection.scalars(insert(Request).returning(Request.id), rows).all()
            return sorted(ids)


def _command(name: str, pool: list[str]) -> list[str]:
    quiet = ["--without-mingle", "--without-gossip", "--without-heartbeat", "-l", "WARNING"]
    app = ["-m", "celery", "-A", "tests.benchmarks.usual.app", "worker"]
    return [*app, "-n", f"{name}@%h", *pool, *quiet]

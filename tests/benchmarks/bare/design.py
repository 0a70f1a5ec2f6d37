"""The bare limit, running."""

import json
import os
import subprocess
import sys

from tests.benchmarks.designs import Measured, per_request, settle
from tests.benchmarks.machine import ROOT, Machine, cpu_seconds
from tests.benchmarks.ours import SETTINGS, make_batch, sqlalchemy_url
from worker.store import connect
from worker.store.migrate import upgrade

FLUSH_ROWS = 50


class Bare:
    """One process for one run, on a database of our shape."""

    name = "bare"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._url = machine.database("bare")
        upgrade(sqlalchemy_url(self._url))
        self._engine = connect.connect(sqlalchemy_url(self._url), guarded=False)
        self._serial = 0

    def run(self, channel: str, n: int, latency: int) -> Measured:
        """Let it connect, then let it go."""
        machine = self._machine
        self._serial += 1
        batch = make_batch(self._engine, channel, n, f"{channel}-{self._serial}")
        with self._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE communication_batch SET paused = id <> %s", (batch,))
        settle(self._url)
        machine.slow_provider(latency)
        parts = {"database": [machine.postgres.pid], "broker": [machine.valkey.pid]}
        sizes = [str(batch), str(n), SETTINGS["CHUNK_SIZE"], str(FLUSH_ROWS)]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.bare", channel, *sizes],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": self._url, "TWILIO_API_URL": machine.stub},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as started:
            before = cpu_seconds(parts)
            output, _ = started.communicate("go\n", timeout=120)
        seconds, used = json.loads(output)
        after = cpu_seconds(parts) | {"workers": used}
        assert machine.seen()[1] == n
        return Measured(n, seconds, per_request(before, after, n), machine.seen()[2])

"""What the whole system costs while nothing is due, and how soon what becomes due is at the provider."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import psycopg

from tests.benchmarks.machine import Machine, cpu_seconds, process
from tests.benchmarks.ours import Ours, make_batch, worker_command
from worker.local.ports import free_port

IDLE_SECONDS = 20.0
WARM_SECONDS = 12.0
LATE_REQUESTS = 500
PER_SECOND = 100

_SPREAD = """
    WITH numbered AS (
        SELECT request, row_number() OVER () AS n FROM queue WHERE batch = %(batch)s
    ), moved AS (
        UPDATE queue AS q SET due_at = clock_timestamp() + interval '1 s' + n * %(step)s
        FROM numbered WHERE numbered.request = q.request RETURNING q.request, q.due_at
    )
    INSERT INTO due SELECT request, due_at FROM moved
"""


def measure(machine: Machine, *, say: Callable[[str], object]) -> dict[str, float]:
    """Percent of one core, and latencies in seconds."""
    ours = Ours(machine, database="idle", broker=2)
    with ExitStack() as stack:
        commands = {
            "scheduler": ["-m", "tasks.scheduler"],
            "stream": ["-m", "tasks.stream"],
            "webhooks": ["-m", "tasks.webhooks"],
            "web": ["-m", "worker.web"],
            "api": ["-m", "worker.api"],
            **{
                channel: worker_command(channel, 0)
                for channel in ("voice", "sms", "email", "messages")
            },
        }
        ports = {name: str(free_port()) for name in ("WEB_PORT", "API_PORT")}
        environment = {**ours.environment, **ports}
        pids = {
            name: [stack.enter_context(process(machine.home, name, command, environment))]
            for name, command in commands.items()
        }
        pids |= {"database": [machine.postgres.pid], "broker": [machine.valkey.pid]}
        time.sleep(WARM_SECONDS)
        before = cpu_seconds(pids)
        time.sleep(IDLE_SECONDS)
        after = cpu_seconds(pids)
        percent = {name: (after[name] - before[name]) / IDLE_SECONDS * 100 for name in pids}
        say(f"idle: {', '.join(f'{name} {share:.2f} %' for name, share in percent.items())}")
        figures = {"idle_percent_of_a_core": round(sum(percent.values()), 2)}
        return figures | _lateness(machine, ours, say)


def _lateness(machine: Machine, ours: Ours, say: Callable[[str], object]) -> dict[str, float]:
    """From the moment a request became due to its attempt, while so many become due each second."""
    machine.slow_provider(0)
    batch = make_batch(ours.engine, "voice", LATE_REQUESTS, "late")
    with psycopg.connect(ours.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE due (request bigint, due_at timestamptz)")
        connection.execute(_SPREAD, {"batch": batch, "step": timedelta(seconds=1 / PER_SECOND)})
        connection.execute("UPDATE communication_batch SET paused = false WHERE id = %s", (batch,))
        time.sleep(LATE_REQUESTS / PER_SECOND + 3)
        row = connection.execute("""
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late),
                   percentile_cont(0.99) WITHIN GROUP (ORDER BY late), count(*)
            FROM (SELECT extract(epoch FROM began_at - due_at)::float8 AS late
                  FROM attempt JOIN due USING (request) WHERE accepted_at IS NOT NULL) AS l
        """).fetchone()
    assert row is not None
    say(f"due until at the provider: p50 {row[0]:.2f} s, p99 {row[1]:.2f} s of {row[2]}")
    return {"due_to_provider_p50_s": round(row[0], 2), "due_to_provider_p99_s": round(row[1], 2)}

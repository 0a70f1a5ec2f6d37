"""Outreach itself, as the Procfile starts it, on the bench's machine."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from config.settings import SANDBOX_ACCOUNT_SID, SANDBOX_SECRET
from tests.benchmarks.designs import Measured, fetch, per_request, settle
from tests.benchmarks.load import SOURCE, as_template, content, people
from tests.benchmarks.machine import Machine, cpu_seconds, process, wait_until
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.domain.statuses import Channel
from worker.sandbox.keys import new_webhook_keys
from worker.store import connect, ingest
from worker.store.connect import Engine, in_transaction
from worker.store.migrate import upgrade

# What a machine with two cores for one channel would be given; all else is the default.
PROCESSES = 2
SETTINGS = {"CHUNK_SIZE": "500", "WORKER_THREADS": "4", "BACKLOG_CHUNKS": "32"}
WARM = 4_000
BY = "bench@example.com"


def sqlalchemy_url(url: str) -> str:
    """The address in the form that the store takes."""
    return url.replace("postgresql://", "postgresql+psycopg://")


def make_batch(engine: Engine, channel: str, n: int, name: str) -> int:
    """A paused batch of so many requests, all due; its id."""
    fields: dict[str, object] = {
        "campaign_name": name,
        "mode": channel,
        "source": SOURCE[channel],
        "daily_start_time": "00:00:00",
        "daily_end_time": "23:59:59",
        "recipient_hours": False,
    }
    words = as_template(content(channel))
    match channel:
        case "voice":
            fields |= {"twiml": words}
        case "sms":
            fields |= {"body": words}
        case _:
            fields |= {"subject": "A reminder", "text": words}
    campaign = create_campaign(engine, fields, by=BY)
    create_batch(engine, {"batch_id": name, "campaign_id": campaign.id, "paused": True}, by=BY)
    arrivals = (
        ingest.Arrival(
            line, one.reference_id, one.target, one.target, one.target, None, one.variables
        )
        for line, one in enumerate(people(channel, n))
    )

    def step(connection: connect.Connection) -> int:
        batch = connection.exec_driver_sql(
            "SELECT id FROM communication_batch WHERE batch_id = %s", (name,)
        ).scalar_one()
        ingest.take_turn(connection, batch)
        ingest.add(connection, batch, Channel(channel), arrivals)
        return int(batch)

    return in_transaction(engine, step)


class Ours:
    """A scheduler, and workers for one channel at a time."""

    def __init__(
        self,
        machine: Machine,
        *,
        name: str = "outreach",
        database: str = "outreach",
        broker: int = 0,
        **settings: str,
    ) -> None:
        self.name = name
        self._machine = machine
        self.url = machine.database(database)
        upgrade(sqlalchemy_url(self.url))
        self.engine = connect.connect(sqlalchemy_url(self.url), guarded=False)
        self._serial = 0
        self.environment = {
            "DATABASE_URL": self.url,
            "BROKER_URL": machine.valkey.url.replace("/0", f"/{broker}"),
            "STATE_DIR": str(machine.home / database),
            "TWILIO_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": SANDBOX_SECRET,
            "TWILIO_API_URL": machine.stub,
            "SENDGRID_API_KEY": SANDBOX_SECRET,
            "SENDGRID_API_URL": machine.stub,
            "SENDGRID_WEBHOOK_KEY": new_webhook_keys()[1],
            "PUBLIC_URL": "http://127.0.0.1:9",
            "FLOWER_BASIC_AUTH": "bench:unused",
            "LOG_LEVEL": "WARNING",
            **SETTINGS,
            **settings,
        }

    def run(self, channel: str, n: int, latency: int) -> Measured:
        """Start the processes, warm them, open a batch, and wait for the last answer."""
        with self._processes(channel) as (scheduler, workers):
            # At a latency, or one worker would take it all and the other stay cold.
            self._dispatch(channel, WARM, 100, scheduler, workers)
            return self._dispatch(channel, n, latency, scheduler, workers)

    @contextmanager
    def _processes(self, channel: str) -> Iterator[tuple[int, list[int]]]:
        home = self._machine.home
        with ExitStack() as stack:
            scheduler = stack.enter_context(
                process(home, "scheduler", ["-m", "tasks.scheduler"], self.environment)
            )
            workers = [
                stack.enter_context(
                    process(home, channel, worker_command(channel, number), self.environment)
                )
                for number in range(PROCESSES)
            ]
            yield scheduler, workers

    def _dispatch(
        self, channel: str, n: int, latency: int, scheduler: int, workers: list[int]
    ) -> Measured:
        machine = self._machine
        self._serial += 1
        batch = make_batch(self.engine, channel, n, f"{channel}-{self._serial}")
        settle(self.url)
        machine.slow_provider(latency)
        parts = {
            "workers": workers,
            "scheduler": [scheduler],
            "database": [machine.postgres.pid],
            "broker": [machine.valkey.pid],
        }
        before = cpu_seconds(parts)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE communication_batch SET paused = false WHERE id = %s", (batch,)
            )
        wait_until(lambda: machine.seen()[1] >= n)
        wait_until(lambda: self._accepted(batch)[0] >= n)
        after = cpu_seconds(parts)
        return Measured(
            n,
            self._accepted(batch)[1],
            per_request(before, after, n),
            machine.seen()[2] // len(workers),
        )

    def _accepted(self, batch: int) -> tuple[float, ...]:
        query = """
            SELECT count(accepted_at),
                   coalesce(extract(epoch FROM max(accepted_at) - min(began_at)), 0)
            FROM attempt WHERE batch = %s
        """
        return fetch(self.url, query, batch)


def worker_command(channel: str, number: int) -> list[str]:
    """As in the Procfile."""
    app = [
        "-m",
        "celery",
        "-A",
        "tasks.app",
        "worker",
        "-Q",
        channel,
        "-n",
        f"{channel}{number}@%h",
    ]
    quiet = ["--without-mingle", "--without-gossip", "-l", "WARNING"]
    return [*app, "-P", "threads", "-c", SETTINGS["WORKER_THREADS"], *quiet]

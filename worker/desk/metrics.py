"""Metrics of the whole house, in figures an alert can rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from worker.domain.statuses import Channel
from worker.store import account_health, batches, duties, metrics, processes, tallies
from worker.store.account_health import AccountShare
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.duties import DutyRow
from worker.store.metrics import Figures
from worker.store.processes import ProcessRow

__all__ = ["Figures", "Snapshot", "read_figures", "read_snapshot"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The database's figures at one moment: gauges, the counters of all time by name, and who runs."""

    at: datetime
    figures: Figures
    tallies: Mapping[str, int]
    turns: Mapping[Channel, float]
    """Seconds that a batch waits for its turn, by channel."""
    duties: Mapping[str, DutyRow]
    """The last turn of each, by name."""
    processes: Sequence[ProcessRow]
    dead_letters: Mapping[str, int]
    """Those that are not settled, by kind."""
    closed_windows: Mapping[Channel, int]
    """Batches that wait for their campaign's calling window, by channel."""
    shares: Sequence[AccountShare]
    """The accounts that were ever given less than all of their traffic."""


def read_figures(engine: Engine) -> Figures:
    """The figures of this moment."""
    return in_transaction(engine, metrics.read)


def read_snapshot(engine: Engine) -> Snapshot | None:
    """Figures and tallies; None while the database does not answer."""

    def step(connection: Connection) -> Snapshot:
        now = batches.now(connection)
        return Snapshot(
            now,
            metrics.read(connection),
            tallies.read(connection),
            metrics.read_turns(connection),
            {row.name: row for row in duties.newest(connection)},
            processes.read(connection),
            metrics.read_dead_letters(connection),
            metrics.read_closed_windows(connection, now),
            account_health.shares(connection),
        )

    try:
        return in_transaction(engine, step)
    except Exception as error:  # noqa: BLE001  whoever watches is told just that, not nothing
        log.warning("figures_unavailable", error=type(error).__name__)
        return None

"""The processes that run, and whether each goes on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from worker.desk.findings import Finding
from worker.store import processes
from worker.store.connect import Engine, in_transaction
from worker.store.processes import ProcessRow

__all__ = [
    "SILENT",
    "ProcessKind",
    "ProcessRow",
    "by_kind",
    "examine_processes",
    "judge_processes",
    "list_processes",
]

SILENT = timedelta(seconds=20)
"""A process that has not spoken for so long stands still, or has ended without a word."""
TURNLESS = timedelta(seconds=20)
"""One that has taken nothing from its queue for so long, not even its own probe, consumes no more."""


def list_processes(engine: Engine) -> list[ProcessRow]:
    """Every process that has not said that it ended."""
    return in_transaction(engine, processes.read)


def examine_processes(engine: Engine, kinds: Collection[str]) -> list[Finding]:
    """A finding for each kind of process that should run.

    Raises:
        StoreUnavailable: it can't be asked.
    """
    rows = list_processes(engine)
    return [judge_processes(kind, [row for row in rows if row.kind == kind]) for kind in kinds]


@dataclass(frozen=True, slots=True)
class ProcessKind:
    """Processes of one kind. `silent`: how many of them are; `latest`, `longest`: since a sign of life."""

    kind: str
    n: int
    silent: int
    latest: timedelta
    longest: timedelta


def by_kind(rows: Sequence[ProcessRow]) -> tuple[ProcessKind, ...]:
    """The processes by their kind, in the order of its name."""
    kinds = sorted({row.kind for row in rows})
    return tuple(_of_kind(kind, [row.silent for row in rows if row.kind == kind]) for kind in kinds)


def _of_kind(kind: str, silences: Sequence[timedelta]) -> ProcessKind:
    silent = sum(one > SILENT for one in silences)
    return ProcessKind(kind, len(silences), silent, min(silences), max(silences))


def judge_processes(kind: str, rows: Sequence[ProcessRow]) -> Finding:
    """The finding on the processes of a kind."""
    if not rows:
        return Finding(kind, False, "none runs", f"start it: python -m tasks.process {kind}")
    if silent := [row for row in rows if row.silent > SILENT]:
        advice = "restart it, or find out why it stands still: outreach alive says so on its host"
        since = min(row.seen_at for row in silent)
        return Finding(
            kind, False, f"{_count(silent, rows)} silent: {_name(silent)}", advice, since
        )
    if idle := [row for row in rows if row.turnless is not None and row.turnless > TURNLESS]:
        advice = "restart it: it lives and consumes nothing, not even its own probe; see the broker"
        since = min(row.turned_at for row in idle if row.turned_at is not None)
        found = f"{_count(idle, rows)} take nothing from their queue: {_name(idle)}"
        return Finding(kind, False, found, advice, since)
    return Finding(kind, True, f"{len(rows)} {'goes' if len(rows) == 1 else 'go'} on")


def _count(some: Sequence[ProcessRow], rows: Sequence[ProcessRow]) -> str:
    return f"{len(some)} of {len(rows)}"


def _name(rows: Sequence[ProcessRow]) -> str:
    return ", ".join(f"pid {row.pid} on {row.host}" for row in rows)

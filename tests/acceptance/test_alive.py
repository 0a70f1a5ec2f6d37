"""Whoever stands still is named: on its own host, by doctor and by the metrics; whoever only waits is not."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.doors import UNCOUNTED
from tests.fixtures.house import ROOT, Inhabited, frozen, run_python, wait_until
from tests.promtool import judge
from tests.prove.away import be_without
from worker.desk.processes import TURNLESS
from worker.heartbeat import KINDS

pytestmark = pytest.mark.turn(0)

WORDS = {
    **{kind: kind for kind in ("voice", "sms", "email", "triggers")},
    "scheduler": "tasks.scheduler",
    "stream": "tasks.stream",
    "webhooks": "tasks.webhooks",
    "web": "worker.web",
}
"""A word of the command of every kind of process but the one that is asked for metrics."""
ASKED = {"api": "worker.api"}
SILENT = "outreach_process_silent_seconds"
IDLE = "outreach_process_turnless_seconds"
NOTICED = 30.0
"""Seconds after which a process that stands still must have been named everywhere."""
EVERY = 3.0
"""Seconds between two looks at those that have to be alive all the time."""
PEOPLE = 20
MOST_CPU = 0.1
"""Seconds for a probe."""


@pytest.fixture(scope="module")
def house(neighbour: Inhabited) -> Inhabited:
    """The house whose hearts beat where no other's do: not the one that is `inhabited` by all tests."""
    wait_until(lambda: dead(neighbour) == set())
    return neighbour


def is_alive(house: Inhabited, kind: str) -> bool:
    command = [sys.executable, "-m", "worker.cli.entry", "alive", kind]
    done = subprocess.run(command, cwd=ROOT, env=dict(house.environment), check=False, timeout=60)
    return done.returncode == 0


def dead(house: Inhabited) -> set[str]:
    return {kind for kind in KINDS if not is_alive(house, kind)}


def unwell(house: Inhabited) -> set[str]:
    done = house.run("doctor", "--json")
    findings = json.loads(done.stdout)["findings"]
    return {one["what"] for one in findings if not one["well"]} & set(KINDS)


def scrape(house: Inhabited, metric: str = SILENT) -> dict[str, float]:
    """For how long each kind of process has been silent, as Prometheus is told."""
    with urlopen(f"{house.house.api_url}/metrics", timeout=20) as answer:  # noqa: S310  loopback
        families = text_string_to_metric_families(answer.read().decode())
        return {
            sample.labels["kind"]: sample.value
            for family in families
            for sample in family.samples
            if sample.name == metric
        }


def silent(house: Inhabited) -> set[str]:
    return {kind for kind, seconds in scrape(house).items() if seconds > 20}


def servers_of(house: Inhabited) -> list[psutil.Process]:
    """The house's PostgreSQL, every process of it; its data folder names it."""
    name = str(house.house.state_dir).replace("/", "-")
    found = []
    for process in psutil.process_iter(["cmdline", "name"]):
        command = " ".join(process.info["cmdline"] or ()).replace("/", "-")
        if "postgres" in process.info["name"] and name in command:
            found += [process, *process.children(recursive=True)]
    return found


@contextmanager
def standing_still(servers: list[psutil.Process]) -> Iterator[None]:
    """These processes are stopped, and go on afterwards."""
    assert servers
    with ExitStack() as stack:
        for server in servers:
            server.suspend()
            stack.callback(server.resume)
        yield


@pytest.mark.sampled(of="who stands still")
def test_whoever_is_frozen_is_named_and_nobody_else(house: Inhabited, tmp_path: Path) -> None:
    wait_until(lambda: unwell(house) == set())
    scraped = [scrape(house)]
    with frozen(house, *WORDS.values()):
        ends = time.monotonic() + NOTICED
        while time.monotonic() < ends:
            time.sleep(1)
            scraped.append(scrape(house))
        # The one that costs least is asked again and again.
        wait_until(lambda: silent(house) == set(WORDS), NOTICED)
        wait_until(lambda: dead(house) == set(WORDS), NOTICED)
        wait_until(lambda: unwell(house) == set(WORDS), NOTICED)
    wait_until(lambda: silent(house) == set())
    wait_until(lambda: dead(house) == set() and unwell(house) == set())
    if shutil.which("promtool") is not None:
        said = judge(
            scraped,
            tmp_path,
            metric=SILENT,
            label="kind",
            alert="OutreachProcessSilent",
            severity="page",
            firing=WORDS,
        )
        assert said == ""


@pytest.mark.sampled(of="who stands still")
def test_the_one_that_is_asked_for_metrics_is_named_as_well(house: Inhabited) -> None:
    wait_until(lambda: unwell(house) == set())
    with frozen(house, *ASKED.values()):
        # Its figures are gone with it, which OutreachNotScraped tells.
        with pytest.raises(TimeoutError):
            urlopen(f"{house.house.api_url}/metrics", timeout=3)  # noqa: S310  loopback
        wait_until(lambda: dead(house) == set(ASKED), NOTICED)
        wait_until(lambda: unwell(house) == set(ASKED), NOTICED)
    wait_until(lambda: dead(house) == set() and unwell(house) == set())


def tell_texts(house: Inhabited, wish: str) -> None:
    """Ask the workers of texts, as an operator of Celery can, to consume their queue or to leave it."""
    command = ["-m", "celery", "-A", "tasks.app", "control", wish, "sms"]
    assert run_python(*command, env=house.environment).returncode == 0


@pytest.mark.sampled(of="who stands still")
def test_who_lives_and_consumes_no_more_is_named(house: Inhabited, tmp_path: Path) -> None:
    wait_until(lambda: unwell(house) == set())
    # Nobody has sent anything: what keeps them well are their own probes.
    assert max(scrape(house, IDLE).values()) < NOTICED / 2
    scraped: list[dict[str, float]] = []
    tell_texts(house, "cancel_consumer")
    try:
        wait_until(lambda: "sms" in sample_of(house, scraped), NOTICED + EVERY)
        assert unwell(house) == {"sms"}
        assert dead(house) == set()
    finally:
        tell_texts(house, "add_consumer")
    wait_until(lambda: unwell(house) == set())
    if shutil.which("promtool") is not None:
        last = scraped[-1:] * 6  # for as long as the rule asks
        said = judge(
            scraped + last,
            tmp_path,
            metric=IDLE,
            label="kind",
            alert="OutreachNotConsuming",
            severity="page",
            firing=["sms"],
        )
        assert said == ""


def sample_of(house: Inhabited, scraped: list[dict[str, float]]) -> set[str]:
    """Scrape once more, a second later. Returns the kinds that have taken nothing for too long."""
    time.sleep(1)
    scraped.append(scrape(house, IDLE))
    return {kind for kind, seconds in scraped[-1].items() if seconds > TURNLESS.total_seconds()}


@pytest.mark.sampled(of="who stands still")
def test_who_waits_for_the_database_is_alive_and_loses_no_answer(house: Inhabited) -> None:
    wait_until(lambda: unwell(house) == set())

    found = be_without(house, standing_still(servers_of(house)), PEOPLE, NOTICED)

    assert found.holds, found


def test_a_probe_costs_next_to_nothing(house: Inhabited, tmp_path: Path) -> None:
    program = (
        "import resource, sys; from worker.cli.entry import main; sys.argv[1:] = ['alive', 'voice']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "spent = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(spent.ru_utime + spent.ru_stime, len(sys.modules))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**house.environment, **UNCOUNTED},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, modules = done.stdout.split()

    assert float(seconds) < MOST_CPU
    assert int(modules) < 130

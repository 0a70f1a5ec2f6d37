"""The whole house on one machine: services, sandbox and the Procfile's processes, up and down in order."""

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config.settings import LOCK_FILE, judge, read_given
from worker.local.environment import (
    MARK,
    SandboxPlan,
    environment_file,
    plan_environment,
    plan_sandbox,
)
from worker.local.interrupts import Interrupts
from worker.local.postgres import running_postgres
from worker.local.processes import end_left_over, end_marked, running_process, wait_for
from worker.local.valkey import running_valkey
from worker.store.migrate import upgrade

PROCFILE = Path(__file__).with_name("Procfile")
LOCK_SECONDS = 1.0


class AlreadyRunning(Exception):
    """Another house uses this STATE_DIR."""

    def __init__(self, state_dir: Path) -> None:
        super().__init__(f"another one is running in {state_dir}: stop it, or set STATE_DIR")


@dataclass(frozen=True, slots=True)
class Stack:
    """A running house: its environment and where its pages are."""

    environment: Mapping[str, str]
    state_dir: Path
    web_url: str
    api_url: str
    flower_url: str
    sandbox_url: str | None


@contextmanager
def running_stack(
    state_dir: Path,
    interrupts: Interrupts,
    *,
    say: Callable[[str], None],
    quiet: bool = False,
    fresh: bool = False,
    given: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Everything up while the block lasts, and nothing left after it.

    1. Judge the settings, and take the folder's lock, which a crash gives back by itself.
    2. Start PostgreSQL, Valkey and the sandbox, each unless settings name another.
    3. Migrate, write `run.env` for commands in other terminals, start the Procfile.
    4. Stop all of it in the opposite order.

    Args:
        state_dir: where data, logs and the lock are.
        interrupts: looked at wherever stopping is safe.
        say: told of each step.
        quiet: the processes' output goes to a log file instead of the terminal.
        fresh: start with an empty database, and delete it in the end.
        given: settings that somebody chose; None: those that a reader of settings finds.

    Raises:
        SettingsError: one of them is wrong.
        AlreadyRunning: another house is in this folder.
        ServiceFailed: something does not start.
        Interrupted: somebody asked us to stop.
    """
    chosen = read_given() if given is None else given
    environment, sandbox = plan_environment(state_dir, chosen)
    state_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_hold_lock(state_dir, interrupts))
        end_left_over(state_dir)
        if fresh:
            _forget(state_dir)
        stack.callback(end_marked, environment[MARK])
        _start_services(stack, state_dir, environment, interrupts, say, fresh=fresh)
        if sandbox:
            say("starting the sandbox")
            start_sandbox(stack, state_dir, environment, sandbox)
            wait_for(f"{sandbox.url}/sandbox/summary", interrupts)
        say("migrating the database")
        settings = judge(environment)
        upgrade(settings.database_url, profile=settings.profile)
        stack.enter_context(environment_file(state_dir, environment))
        interrupts.check()
        say("starting the Procfile's processes")
        stack.enter_context(_procfile(state_dir, environment, quiet=quiet))
        house = Stack(
            environment=environment,
            state_dir=state_dir,
            web_url=environment["PUBLIC_URL"],
            api_url=f"http://127.0.0.1:{environment['API_PORT']}",
            flower_url=f"http://127.0.0.1:{environment['FLOWER_PORT']}",
            sandbox_url=sandbox.url if sandbox else None,
        )
        _wait_until_ready(house, interrupts)
        yield house


def _wait_until_ready(house: Stack, interrupts: Interrupts) -> None:
    wait_for(f"{house.web_url}/health/live", interrupts)
    wait_for(f"{house.api_url}/health/ready", interrupts)
    wait_for(f"{house.flower_url}/healthcheck", interrupts)


@contextmanager
def _hold_lock(state_dir: Path, interrupts: Interrupts) -> Iterator[None]:
    with (state_dir / LOCK_FILE).open("w") as lock:
        ends = time.monotonic() + LOCK_SECONDS
        while not _took(lock):
            # A command that looks whether a house runs holds it for a moment.
            if time.monotonic() > ends:
                raise AlreadyRunning(state_dir)
            interrupts.pause(0.05)
        yield


def _took(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _forget(state_dir: Path) -> None:
    """A fresh database is a strange one to whoever remembers the last."""
    (state_dir / "database.json").unlink(missing_ok=True)
    shutil.rmtree(state_dir / "logs", ignore_errors=True)


def _start_services(
    stack: ExitStack,
    state_dir: Path,
    environment: dict[str, str],
    interrupts: Interrupts,
    say: Callable[[str], None],
    *,
    fresh: bool,
) -> None:
    interrupts.check()
    if not environment.get("DATABASE_URL"):
        say("starting PostgreSQL")
        postgres = stack.enter_context(running_postgres(state_dir / "postgres", fresh=fresh))
        environment["DATABASE_URL"] = postgres.url
    interrupts.check()
    if not environment.get("BROKER_URL"):
        say("starting Valkey")
        valkey = stack.enter_context(running_valkey(state_dir / "valkey"))
        environment["BROKER_URL"] = valkey.url
    interrupts.check()


def sandbox_environment(stack: ExitStack, state_dir: Path, environment: dict[str, str]) -> str:
    """Start a sandbox, and point the environment's provider settings at it.

    Returns:
        its address; it may need a moment until it answers.
    """
    plan = plan_sandbox()
    environment.update(plan.settings)
    start_sandbox(stack, state_dir, environment, plan)
    return plan.url


def start_sandbox(
    stack: ExitStack, state_dir: Path, environment: Mapping[str, str], plan: SandboxPlan
) -> None:
    """Start it as it was planned."""
    command = [sys.executable, "-m", "worker.sandbox"]
    options = {**os.environ, **environment, **plan.options(environment["PUBLIC_URL"])}
    stack.enter_context(running_process(state_dir, "sandbox", command, options))


@contextmanager
def _procfile(state_dir: Path, environment: Mapping[str, str], *, quiet: bool) -> Iterator[None]:
    command = [sys.executable, "-m", "worker.local.procfile", str(PROCFILE)]
    with running_process(state_dir, "processes" if quiet else None, command, environment):
        yield

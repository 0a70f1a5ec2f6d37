"""The whole house on one machine: services, sandbox and the Procfile's processes, up and down in order."""

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from config.settings import SANDBOX_ACCOUNT_SID, SANDBOX_SECRET
from worker.local.interrupts import Interrupts
from worker.local.ports import free_port
from worker.local.postgres import running_postgres
from worker.local.postgres_programs import ServiceFailed
from worker.local.valkey import running_valkey
from worker.sandbox.keys import new_webhook_keys
from worker.store.migrate import upgrade

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60
# honcho itself ends what has not stopped after 5 s.
STOP_SECONDS = 15
# Every process we start carries this in its environment: that is how none is left behind.
MARK = "OUTREACH_HOUSE"

OURS = ("DATABASE_URL", "BROKER_URL")
CREDENTIALS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SENDGRID_API_KEY")


class AlreadyRunning(Exception):
    """Another house uses this STATE_DIR."""

    def __init__(self, state_dir: Path) -> None:
        super().__init__(f"another one is running in {state_dir}: stop it, or set STATE_DIR")


@dataclass(frozen=True, slots=True)
class House:
    """A running house: its environment and where its pages are."""

    environment: Mapping[str, str]
    state_dir: Path
    web_url: str
    api_url: str
    flower_url: str
    sandbox_url: str | None


@contextmanager
def running_house(
    state_dir: Path,
    interrupts: Interrupts,
    *,
    say: Callable[[str], None],
    quiet: bool = False,
    fresh: bool = False,
) -> Iterator[House]:
    """Everything up while the block lasts, and nothing left after it.

    1. Take the folder's lock, which a crash gives back by itself.
    2. Start PostgreSQL, Valkey and the sandbox, each unless settings name another.
    3. Migrate, write `run.env` for commands in other terminals, start the Procfile.
    4. Stop all of it in the opposite order.

    Args:
        state_dir: where data, logs and the lock are.
        interrupts: looked at wherever stopping is safe.
        say: told of each step.
        quiet: the processes' output goes to a log file instead of the terminal.
        fresh: start with an empty database, and delete it in the end.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_locked(state_dir))
        if fresh:
            _forget(state_dir)
        environment = _base_environment(state_dir)
        stack.callback(_end_marked, environment[MARK])
        _start_services(stack, state_dir, environment, interrupts, say, fresh=fresh)
        sandbox_url = _start_sandbox(stack, state_dir, environment, interrupts, say)
        say("migrating the database")
        upgrade(environment["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"))
        stack.enter_context(_environment_file(state_dir, environment))
        interrupts.check()
        say("starting the Procfile's processes")
        stack.enter_context(_procfile(state_dir, environment, quiet=quiet))
        house = House(
            environment=environment,
            state_dir=state_dir,
            web_url=environment["PUBLIC_URL"],
            api_url=f"http://127.0.0.1:{environment['API_PORT']}",
            flower_url=f"http://127.0.0.1:{environment['FLOWER_PORT']}",
            sandbox_url=sandbox_url,
        )
        wait_for(f"{house.web_url}/health/live", interrupts)
        wait_for(f"{house.api_url}/health/ready", interrupts)
        wait_for(f"{house.flower_url}/healthcheck", interrupts)
        yield house


@contextmanager
def _locked(state_dir: Path) -> Iterator[None]:
    with (state_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(state_dir) from None
        yield


def _forget(state_dir: Path) -> None:
    """A fresh database is a strange one to whoever remembers the last."""
    (state_dir / "database.json").unlink(missing_ok=True)
    shutil.rmtree(state_dir / "logs", ignore_errors=True)


def _base_environment(state_dir: Path) -> dict[str, str]:
    web_port = free_port(int(os.environ.get("WEB_PORT", "8080")))
    api_port = free_port(int(os.environ.get("API_PORT", "8081")))
    flower_port = free_port(int(os.environ.get("FLOWER_PORT", "5555")))
    given = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "STATE_DIR": str(state_dir.resolve()),
        "WEB_PORT": str(web_port),
        "API_PORT": str(api_port),
        "FLOWER_PORT": str(flower_port),
        MARK: secrets.token_hex(8),
    }
    chosen = {
        "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        "FLOWER_BASIC_AUTH": f"outreach:{secrets.token_urlsafe(9)}",
        "OPERATOR_EMAIL": "operator@example.com",
    }
    return {**chosen, **os.environ, **given}


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


def _start_sandbox(
    stack: ExitStack,
    state_dir: Path,
    environment: dict[str, str],
    interrupts: Interrupts,
    say: Callable[[str], None],
) -> str | None:
    if any(environment.get(name) for name in CREDENTIALS):
        return None
    say("starting the sandbox")
    url = sandbox_environment(stack, state_dir, environment)
    wait_for(f"{url}/sandbox/summary", interrupts)
    return url


def sandbox_environment(stack: ExitStack, state_dir: Path, environment: dict[str, str]) -> str:
    """Start the sandbox, and point the environment's provider settings at it.

    Returns:
        its address; it may need a moment until it answers.
    """
    private, public = new_webhook_keys()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment.update(
        {
            "TWILIO_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": SANDBOX_SECRET,
            "TWILIO_API_URL": url,
            "SENDGRID_API_KEY": SANDBOX_SECRET,
            "SENDGRID_API_URL": url,
            "SENDGRID_WEBHOOK_KEY": public,
            "PROFILE": "fast",
        }
    )
    options = {
        "SANDBOX_PORT": str(port),
        "SANDBOX_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
        "SANDBOX_AUTH_TOKEN": SANDBOX_SECRET,
        "SANDBOX_API_KEY": SANDBOX_SECRET,
        "SANDBOX_WEBHOOK_URL": f"{environment['PUBLIC_URL']}/callbacks/email",
        "SANDBOX_WEBHOOK_PRIVATE_KEY": private,
    }
    command = [sys.executable, "-m", "worker.sandbox"]
    stack.enter_context(
        _process(state_dir, "sandbox", command, {**os.environ, **environment, **options})
    )
    return url


@contextmanager
def _environment_file(state_dir: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """What `outreach` commands in another terminal read while we run."""
    names = {*OURS, *CREDENTIALS, "TWILIO_API_URL", "SENDGRID_API_URL", "SENDGRID_WEBHOOK_KEY"}
    names |= {"PROFILE", "PUBLIC_URL", "WEB_PORT", "FLOWER_PORT", "FLOWER_BASIC_AUTH"}
    names |= {"API_PORT", "OPERATOR_EMAIL"}
    lines = [f"{name}={environment[name]}\n" for name in sorted(names) if name in environment]
    file = state_dir / "run.env"
    file.touch(mode=0o600)
    file.write_text("".join(lines), encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def _procfile(state_dir: Path, environment: Mapping[str, str], *, quiet: bool) -> Iterator[None]:
    # Without a file of its own: honcho lets one win over the environment that it is given.
    honcho = [sys.executable, "-m", "honcho", "-e", os.devnull]
    command = [*honcho, "-f", str(ROOT / "Procfile"), "start"]
    with _process(state_dir, "processes" if quiet else None, command, environment):
        yield


@contextmanager
def _process(
    state_dir: Path, log: str | None, command: list[str], environment: Mapping[str, str]
) -> Iterator[None]:
    """A process in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    logs = state_dir / "logs"
    logs.mkdir(exist_ok=True)
    with ExitStack() as stack:
        output = stack.enter_context((logs / f"{log}.log").open("ab")) if log else None
        process = subprocess.Popen(  # noqa: S603  our own commands
            command,
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _end_marked(mark: str) -> None:
    """End whatever still carries our mark: the children of a process that had to be killed."""
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                process.kill()
        except psutil.Error:
            continue


def wait_for(url: str, interrupts: Interrupts) -> None:
    """Wait until an address answers 200.

    Raises:
        ServiceFailed: it does not within a minute.
        Interrupted: somebody asked us to stop.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=2):  # noqa: S310  a loopback address of ours
                return
        except (URLError, OSError):
            interrupts.pause(0.1)
    raise ServiceFailed(f"nothing answers at {url}: see the logs under STATE_DIR")

"""The processes of a run: started, killed, frozen, started again."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.chaos.plan import PROCESSES

ROOT = Path(__file__).parents[3]
RESPAWN_SECONDS = 0.2
CRASHED = 1
"""How Python exits where nobody took an exception."""


@dataclass(frozen=True, slots=True)
class Program:
    """The program of a process: whose code, and with which settings beside those of all."""

    python: str = sys.executable
    folder: Path = ROOT
    settings: Mapping[str, str] = field(default_factory=dict)


OURS = Program()


def command_of(name: str) -> list[str]:
    """What the Procfile would run for it."""
    role, _, number = name.partition(".")
    if role == "scheduler":
        return ["-m", "tasks.scheduler"]
    if role == "web":
        return ["-m", "worker.web"]
    pool = ["-P", "threads", "-c", "4", "--without-mingle", "--without-gossip", "-l", "WARNING"]
    node = f"{role}{number}@%h"
    return ["-m", "celery", "-A", "tasks.app", "worker", "-Q", role, "-n", node, *pool]


class Town:
    """Every process, kept alive: whatever ends is started again."""

    def __init__(
        self,
        environment: Mapping[str, str],
        logs: Path,
        names: Sequence[str] = PROCESSES,
        others: Mapping[str, Program] | None = None,
    ) -> None:
        self._environment = environment
        self._others = others or {}
        self._logs = logs
        self._names = names
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._started = False
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self.done: Counter[str] = Counter()
        self.crashed: Counter[str] = Counter()
        """Count how often each ended by a fault of its own."""

    def start(self, names: Sequence[str] = ()) -> None:
        """Start these, or everybody who was not started yet; who ends is started again once all were."""
        for name in names or [one for one in self._names if one not in self._processes]:
            self._start(name)
        if not names:
            self._started = True
            self._keeper.start()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one process."""
        with self._lock:
            self._processes[name].send_signal(number)

    def freeze(self, name: str, seconds: float) -> None:
        """Stop a process for a while, then let it go on as if nothing had happened."""
        process = self._processes[name]
        process.send_signal(signal.SIGSTOP)
        threading.Timer(seconds, self._thaw, (process,)).start()

    def kill(self) -> None:
        """SIGKILL everybody at once, and start nobody again: a host that lost its power."""
        self._stop_keeping()
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _stop_keeping(self) -> None:
        self._closing.set()
        if self._started:
            self._keeper.join()

    def close(self) -> None:
        """End everybody."""
        self._stop_keeping()
        for process in self._processes.values():
            self._thaw(process)
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _thaw(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)

    def _keep(self) -> None:
        while not self._closing.wait(RESPAWN_SECONDS):
            with self._lock:
                for name, process in list(self._processes.items()):
                    if process.poll() is not None:
                        self.crashed[name] += process.returncode == CRASHED
                        self.done["process started again"] += 1
                        self._start(name)

    def _start(self, name: str) -> None:
        program = self._others.get(name, OURS)
        with (self._logs / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [program.python, *command_of(name)],
                cwd=program.folder,
                env={**os.environ, **self._environment, **program.settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def wait_until(
    condition: Callable[[], bool], seconds: float, nap: Callable[[float], None] = time.sleep
) -> bool:
    """Whether the condition came true in time; `nap` may raise where somebody asks to stop."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        nap(0.5)
    return condition()

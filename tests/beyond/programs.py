"""Programs of the system's packages, run as children of ours: found, started, awaited, ended."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from socket import create_connection

START_SECONDS = 60
STOP_SECONDS = 20
# Debian keeps these where only root's PATH looks.
ELSEWHERE = "/usr/sbin:/usr/lib/rabbitmq/bin"


class ProgramMissing(Exception):
    """A program is not installed; the sentence names the Debian package that has it."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(f"{program} is not on PATH: install the Debian package {package}")


class Unstarted(Exception):
    """A program did not start; names its log file."""

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(f"{name} did not start (log: {log})")


def find(program: str, package: str, first: str = "") -> str:
    """Where a program is.

    Args:
        program: its name.
        package: the Debian package that has it.
        first: folders to look in before PATH.

    Raises:
        ProgramMissing: it is nowhere.
    """
    path = os.pathsep.join((first, os.environ.get("PATH", os.defpath), ELSEWHERE))
    found = shutil.which(program, path=path)
    if found is None:
        raise ProgramMissing(program, package)
    return found


class Program:
    """One child in a session of its own, with everything it starts."""

    def __init__(self, name: str, command: Sequence[str], log: Path, port: int) -> None:
        self.name, self.port = name, port
        self._command, self._log = list(command), log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str] | None = None, user: str | None = None) -> None:
        """Start it, and wait until its port answers.

        Raises:
            Unstarted: it does not.
        """
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=None if environment is None else dict(environment),
                user=user,
                cwd=self._log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Unstarted(self.name, self._log)
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it: SIGTERM and, when that takes too long, SIGKILL of its whole session."""
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        while answers(self.port):  # what it started may take a moment longer
            time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether somebody listens on this port of the loopback interface."""
    try:
        create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

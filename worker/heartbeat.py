"""Proof of life: whether the threads that do a process's work go on. The standard library and nothing else.

A thread that works says so before each wait, and for how long that may last; whoever waits for the store,
the broker or a permission is alive. While all of them keep their word a thread beside them writes the
moment into a small file, which `outreach alive` reads: neither database nor broker is asked, or a failover
would end every worker with the answers it keeps.
"""

import os
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

KINDS = (
    *("scheduler", "voice", "sms", "email", "triggers"),
    *("stream", "webhooks", "web", "api"),
)
"""The processes that have a heart: every line of the Procfile but Flower's."""
TOGETHER = {
    "dispatch": ("scheduler", "voice", "sms", "email", "triggers", "stream"),
    "http": ("webhooks", "web", "api"),
}
"""By a process's name: the kinds that share it, where one host runs all of them in two."""
GRACE = 15.0
"""Seconds that a thread may work, beyond the wait it has announced, without a word."""
STALE = 10.0
"""Seconds after which a file that nobody writes tells of a process that stands still."""
START = 60.0
"""Seconds that a process may take until it is ready."""
EVERY = 1.0
FOLDER = "HEARTBEAT_DIR"
"""Environment variable: where the files are; unset: in memory, a folder for each user."""


class Heart:
    """The heart of this process. Every method may be called from any thread."""

    def __init__(self) -> None:
        self.worked_at: float | None = None
        """When a piece of work was last finished, in seconds since the epoch."""
        self.name = ""
        self.kinds: tuple[str, ...] = ()
        """What this process is; none: nobody has told, and nothing is written."""
        self._turned: dict[str, float] = {}
        """By a kind: when its queue last gave it something, be it a probe."""
        self._until: dict[int, float] = {}
        self._files: tuple[Path, ...] = ()

    def start(self, name: str) -> None:
        """Begin to beat, as a process of this name, or one more of it on this host (`voice-2`).

        The calling thread is the one that works.
        """
        self.name = kind_of(name)
        self.kinds = TOGETHER.get(name, (self.name,))
        names = TOGETHER.get(name, (name,))
        self._files = tuple(_folder() / f"{one}.{os.getpid()}" for one in names)
        self.watch()
        self.beat(START)
        self._write()
        threading.Thread(target=self._go_on, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        """The process ends by itself: nobody need miss it."""
        files, self._files = self._files, ()
        for file in files:
            file.unlink(missing_ok=True)

    def watch(self) -> None:
        """From now on the calling thread is expected to go on."""
        self._until[threading.get_ident()] = _now() + GRACE

    def beat(self, wait: float = 0.0) -> None:
        """The calling thread goes on, and may wait for so many seconds now."""
        me = threading.get_ident()
        if me in self._until:
            self._until[me] = _now() + wait + GRACE

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """A thread of a pool: it is expected to go on while the block lasts."""
        me = threading.get_ident()
        is_watched = me in self._until
        self.watch()
        try:
            yield
        finally:
            if not is_watched:
                self._until.pop(me, None)
            self.worked_at = time.time()

    @property
    def consumes(self) -> str:
        """As what it consumes messages: where one process is several, as the one that hears them."""
        return "triggers" if self.name in TOGETHER else self.name

    def turn(self, kind: str) -> None:
        """As this kind it has gone round once; from its first turn on others are expected."""
        self._turned[kind] = _now()

    def since_turn(self, kind: str) -> float | None:
        """Seconds since the last turn as this kind; None: nobody expects any."""
        turned = self._turned.get(kind)
        return None if turned is None else _now() - turned

    def gone(self, kind: str) -> list[int]:
        """Process ids of a kind that have left a file here and run no more; their files are removed."""
        files = (file for file in _folder().iterdir() if kind_of(file.name) == kind)
        left = {_pid_of(file): file for file in files}
        gone = [pid for pid in left if not _runs(pid)]
        for pid in gone:
            left[pid].unlink(missing_ok=True)
        return gone

    def goes_on(self) -> bool:
        """Tell whether every thread that is expected to go on has kept its word."""
        now = _now()
        return all(until > now for until in list(self._until.values()))

    def _go_on(self) -> None:
        while self._files:
            if self.goes_on():
                self._write()
            time.sleep(EVERY)

    def _write(self) -> None:
        with suppress(OSError):
            for file in self._files:
                file.write_text(str(_now()), encoding="ascii")
            if self._files:
                tell_systemd("WATCHDOG=1")


HEART = Heart()
"""This process's."""


def tell_systemd(line: str) -> None:
    """Send one datagram, where systemd asked for it; see its sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
            datagram.sendto(line.encode(), address.replace("@", "\0", 1))


def judge(kind: str) -> list[str]:
    """Say what is wrong with the processes of a kind on this host, a sentence each; empty: all are alive."""
    files = [file for file in _folder().iterdir() if kind_of(file.name) == kind]
    running = [file for file in files if _runs(_pid_of(file))]
    if not running:
        return [f"no {kind} runs here"]
    ages = {file: _now() - _read(file) for file in running}
    return [
        f"{kind} (pid {_pid_of(file)}) stands still for {age:.0f} s"
        for file, age in ages.items()
        if age > STALE
    ]


def kind_of(name: str) -> str:
    """Return the kind of a process by the name it was given, or by its file's."""
    return name.partition(".")[0].partition("-")[0]


def _pid_of(file: Path) -> int:
    return int(file.name.rpartition(".")[2])


def kinds() -> set[str]:
    """The kinds of process that have a file here."""
    return {kind_of(file.name) for file in _folder().iterdir()}


def _now() -> float:
    # Goes on while the machine is suspended, and is set by nobody; the same for every process of a host.
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _read(file: Path) -> float:
    try:
        return float(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _now()  # about to be written, or gone


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _folder() -> Path:
    """Find the folder of the files; make it where it is missing.

    Raises:
        PermissionError: it belongs to somebody else, who could speak for our processes.
    """
    memory = Path("/dev/shm")  # noqa: S108  a folder of our own in it, and nobody else's is trusted
    base = memory if memory.is_dir() else Path(tempfile.gettempdir())
    folder = Path(os.environ.get(FOLDER) or base / f"outreach-{os.getuid()}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not ours")
    return folder

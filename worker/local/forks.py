"""Processes of a Procfile as forks of one that has imported what they need.

What is imported is written to memory once, and forks share it: on one machine nine idle processes hold
half of what they hold when each is started alone, and start in a moment. Elsewhere, in units and
containers, each is started alone. Whoever forks has neither threads nor connections.
"""

import atexit
import ctypes
import gc
import os
import runpy
import shlex
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from honcho.process import Process

PREFIX = ["exec", "python", "-m"]
"""How a line begins that is forked; any other is left to the shell."""
APART = "flower"
"""It becomes another program as soon as it starts, and that shares nothing."""
SHARED = (
    "anyio._backends._asyncio",
    "celery.app.control",
    "celery.app.log",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.fixups.django",
    "celery.worker.autoscale",
    "celery.worker.consumer",
    "celery.worker.control",
    "celery.worker.request",
    "celery.worker.strategy",
    "config.celery",
    "config.start",
    "kombu.transport.redis",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "worker.api.app",
    "worker.carriers",
    "worker.dispatch.clock_skew",
    "worker.dispatch.deliver",
    "worker.dispatch.presence",
    "worker.dispatch.provider_loop",
    "worker.dispatch.scan",
    "worker.listener",
    "worker.providers.email",
    "worker.providers.sms",
    "worker.providers.voice",
    "worker.runtime",
    "worker.web.app",
)
"""What most of them import, and what neither starts anything nor reads settings while it is imported."""
OUTPUT, ERRORS = 1, 2
"""Numbers of open files, everywhere."""


def make_ready() -> None:
    """Import what is shared, and keep searches for garbage from writing to it."""
    gc.disable()
    for name in SHARED:
        import_module(name)
    gc.freeze()
    gc.enable()


class ForkedProcess(Process):
    """A line of a Procfile as honcho runs it."""

    def __init__(self, cmd: str, **options: object) -> None:
        super().__init__(cmd, **options)  # type: ignore[no-untyped-call]  # honcho's own
        if words := words_of(cmd):
            self._child_ctor = partial(Fork, words)  # type: ignore[assignment]  # a Popen's part of it


def words_of(line: str) -> list[str]:
    """A module and its arguments; none where the line is not to be forked."""
    words = shlex.split(line)
    ours = words[: len(PREFIX)] == PREFIX and APART not in words
    return words[len(PREFIX) :] if ours and sys.platform == "linux" else []


class Fork:
    """A module that runs as a program of its own, in a group of its own; what honcho asks of a Popen."""

    returncode: int | None = None

    def __init__(
        self,
        words: Sequence[str],
        line: str,  # noqa: ARG002  honcho hands it on, for a shell
        *,
        env: Mapping[str, str],
        cwd: str | None,  # noqa: ARG002  the house's own
    ) -> None:
        output, end = os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # what is left in it would be written by both
        self.pid = os.fork()
        if not self.pid:
            _become(words, env, end)
        with suppress(OSError):  # it may have ended by now
            os.setpgid(self.pid, self.pid)
        os.close(end)
        self.stdout = os.fdopen(output, "rb")

    def wait(self) -> None:
        """Wait until it has ended."""
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)


def _become(words: Sequence[str], environment: Mapping[str, str], output: int) -> NoReturn:
    """Run a module as if Python had been started with it, and end as Python ends."""
    code = 1
    try:
        _forget_the_parent(output)
        os.environ.clear()
        os.environ.update(environment)
        _be_called(["python", "-m", *words])
        code = _run(words)
    except BaseException:  # noqa: BLE001  as the interpreter does
        sys.excepthook(*sys.exc_info())
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  waits, as at every end
        atexit._run_exitfuncs()  # noqa: SLF001  nobody else calls them in a fork
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # whoever read it is gone, or it was closed
                stream.flush()
        os._exit(code)


def _forget_the_parent(output: int) -> None:
    """Its signals, its open files."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(output, OUTPUT)
    os.dup2(output, ERRORS)
    for number in map(int, os.listdir("/dev/fd")):  # noqa: PTH208  numbers, no files
        if number > ERRORS:
            with suppress(OSError):  # the one by which the folder was read
                os.close(number)


def _run(words: Sequence[str]) -> int:
    """Run the module to its end. Returns the exit code."""
    sys.argv = list(words)
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)  # noqa: T201  as the interpreter does
            return 1
        return ended.code or 0
    return 0


def _be_called(words: Sequence[str]) -> None:
    """Show these words as the process's command, to `ps` and whoever else looks, where there is room."""
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    start, end = map(int, fields[45:47])
    room = end - start
    ctypes.memmove(start, "\0".join(words).encode()[: room - 1].ljust(room, b"\0"), room)

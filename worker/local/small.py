"""`outreach run --small`: the house in two processes, `dispatch` and `http`, on the settings' own services.

Where one ends the other ends, too, and whoever runs this starts it anew: half a house reaches people and
hears nothing of them. Only the standard library, for this process stays, and should weigh nothing.
"""

import os
import signal
import sys
import time

PROCESSES = ("dispatch", "http")
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
PATIENCE = 60.0
"""Seconds that a process has to stop: it records what it has begun."""


def main() -> int:
    """Run both until one ends or somebody asks us to; 0 only if both ended well."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    running = {_start(name) for name in PROCESSES}
    signal.sigwait(SIGNALS)
    return _end(running)


def _start(name: str) -> int:
    """In a group of its own: Ctrl-C in the terminal reaches this process, which passes it on."""
    command = [sys.executable, "-m", "tasks.process", name]
    return os.posix_spawn(sys.executable, command, os.environ, setsigmask=(), setpgroup=0)


def _end(running: set[int]) -> int:
    """Ask all of them to end, and wait; who does not in time is killed."""
    worst, ends = _gather(running), time.monotonic() + PATIENCE
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    while running and (left := ends - time.monotonic()) > 0:
        signal.sigtimedwait({signal.SIGCHLD}, left)
        worst = max(worst, _gather(running))
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        worst = signal.SIGKILL
    return worst


def _gather(running: set[int]) -> int:
    """Take out those that have ended. Returns the worst of their exit codes."""
    ended = {pid: os.waitpid(pid, os.WNOHANG) for pid in running}
    codes = {
        pid: os.waitstatus_to_exitcode(status) for pid, (found, status) in ended.items() if found
    }
    running.difference_update(codes)
    return max((abs(code) for code in codes.values()), default=0)


if __name__ == "__main__":
    sys.exit(main())

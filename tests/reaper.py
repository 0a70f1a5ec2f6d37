"""Whatever a run of tests starts ends with it, however the run ends.

The run goes on in a child of a process that only waits for it. To that process, a "subreaper", the
kernel gives everything that loses its parent: servers in the background and sessions of their own.
"""

import ctypes
import os
import signal
import sys
import time

import psutil

# From linux/prctl.h.
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

STOP_SECONDS = 30.0
"""What a run that was asked to stop may still take to put its things away."""
PATIENCE = 5.0
"""What one that it left behind may take after SIGTERM."""

ASKED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HEARD = (*ASKED, signal.SIGCHLD)


def stop_when_asked() -> None:
    """SIGTERM is Ctrl-C: fixtures are put away; whoever asks again does not disturb that."""
    for one in ASKED:
        signal.signal(one, _stop)


def _stop(*_: object) -> None:
    for one in ASKED:
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


def go_on_under_reaper() -> None:
    """Return in a child; the caller's process takes its exit code when all is gone. Linux only."""
    if sys.platform != "linux":
        return
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    run = os.fork()
    if run:
        code = _wait_for(run)
        _end_what_is_left()
        os._exit(code)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def _wait_for(run: int) -> int:
    """The run's exit code; requests to stop are handed on to it, once that is long ago it is killed."""
    ends: float | None = None
    while (code := _reap(run)) is None:
        if ends and time.monotonic() > ends:
            os.kill(run, signal.SIGKILL)
        heard = signal.sigtimedwait(HEARD, 1)
        if heard and heard.si_signo in ASKED:
            os.kill(run, heard.si_signo)
            ends = ends or time.monotonic() + STOP_SECONDS
    return code


def _reap(run: int) -> int | None:
    """Take leave of all that ended; the run's exit code, if it is among them."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return None
        if pid == run:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _end_what_is_left() -> None:
    me = psutil.Process()
    while left := me.children(recursive=True):
        for process in left:
            _send(process, signal.SIGTERM)
        for process in psutil.wait_procs(left, PATIENCE)[1]:
            _send(process, signal.SIGKILL)
        psutil.wait_procs(left, PATIENCE)


def _send(process: psutil.Process, one: signal.Signals) -> None:
    try:
        process.send_signal(one)
    except psutil.NoSuchProcess:
        return

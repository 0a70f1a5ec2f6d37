"""A process hears that it should stop, whatever its main thread is doing at that moment."""

import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from tests.fixtures.house import ROOT

# The main thread waits so shortly that signals fall into every step of a wait. The interpreter's own end
# takes handlers away again, and more signals are on their way by then.
ROUNDS = """
import os
from tasks.stop import stop_when_asked
for number in range(300):
    stop = stop_when_asked()
    print(number, flush=True)
    while not stop.is_set():
        stop.wait(1e-6)
os._exit(0)
"""
IDLE = """
import os
from tasks.stop import stop_when_asked
stop = stop_when_asked()
print("ready", flush=True)
stop.wait()
os._exit(0)
"""


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("program", [ROUNDS, IDLE], ids=["in the middle of a wait", "idle"])
def test_it_hears_it_at_any_moment(program: str, name: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE) as one:
        assert one.stdout is not None
        one.stdout.readline()
        ends = time.monotonic() + 20
        try:
            while one.poll() is None:
                assert time.monotonic() < ends, "it never heard it"
                one.send_signal(name)
                with suppress(subprocess.TimeoutExpired):
                    one.wait(0.0005)
        finally:
            one.kill()
        assert one.returncode == 0

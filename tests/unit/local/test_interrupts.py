"""Ctrl-C as a fact: any number of them, at any moment, is one wish to stop."""

import os
import signal
import subprocess
import sys
import time

import pytest

from worker.local.interrupts import Interrupts

PATIENT = """
import sys, time
from worker.local.interrupts import Interrupted, Interrupts
with Interrupts() as interrupts:
    print("ready", flush=True)
    deadline = time.monotonic() + {busy}
    while time.monotonic() < deadline:
        pass
    try:
        interrupts.pause(20)
    except Interrupted:
        sys.exit(130)
"""


def test_a_pause_runs_its_time_when_nobody_asks() -> None:
    Interrupts().pause(0.01)


@pytest.mark.parametrize("busy", [0.0, 0.3])
def test_a_storm_of_signals_is_one_wish_to_stop(busy: float) -> None:
    code = PATIENT.format(busy=busy)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as patient:
        assert patient.stdout is not None
        patient.stdout.readline()
        deadline = time.monotonic() + 20
        while patient.poll() is None and time.monotonic() < deadline:
            os.kill(patient.pid, signal.SIGINT)

    assert patient.returncode == 130

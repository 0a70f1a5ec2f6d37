"""A test that never ends, for `test_reaper.py`: no run collects them unless it is told to."""

import os
import subprocess
import time
from pathlib import Path

import psutil

from worker.local.postgres import EmbeddedPostgres
from worker.local.valkey import EmbeddedValkey

STUBBORN = "trap '' TERM; setsid sleep 3600 >/dev/null 2>&1 & echo $!"
"""In the background, in a session of its own, deaf to SIGTERM."""


def test_it_never_ends(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
    stubborn = int(subprocess.check_output(["sh", "-c", STUBBORN]))
    mine = [os.getpid(), postgres.pid, stubborn]
    mine += [child.pid for child in psutil.Process().children(recursive=True)]
    told = Path(os.environ["UNENDING"]) / "begun"
    told.write_text("\n".join(map(str, mine)), encoding="ascii")
    told.rename(told.with_name("pids"))
    time.sleep(3600)

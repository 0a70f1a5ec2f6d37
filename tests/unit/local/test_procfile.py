"""The log of `make run`: an event a line, whoever wrote it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SAID = ('{"event": "started", "level": "info"}', "Traceback: +15125550123", "{not json")
PROCFILE = f"""\
speaks: {"; ".join(f"echo '{line}'" for line in SAID)}; sleep 30
ends: sleep 1
"""


def test_what_honcho_and_a_library_say_has_the_shape_of_an_event(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text(PROCFILE, encoding="utf-8")
    command = [sys.executable, "-m", "worker.local.procfile", str(file)]

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {"event": "started", "level": "info"} in lines
    others = [line for line in lines if "worker" in line]
    assert {"event", "worker", "level", "logger", "timestamp"} == set().union(*others)
    said = {(line["worker"], line["logger"], line["event"]) for line in others}
    assert ("speaks", "output", "Traceback: [phone]") in said
    assert ("speaks", "output", "{not json") in said
    assert any(logger == "honcho" and "stopped" in event for _, logger, event in said)
    assert ran.stderr == ""

"""`python -m worker.local.procfile FILE`: every line of a Procfile as a process, in one log.

honcho runs them; those that are Python are forks of this process (`forks.py`). What they write are events
already, a line each, and pass as they are; what honcho says itself, and what Python or a library prints
beside its log, becomes an event of the same shape.
"""

import json
import os
import sys
from datetime import UTC
from pathlib import Path
from typing import Any

from honcho.environ import expand_processes, parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from config.logs import redact
from worker.local.forks import ForkedProcess, make_ready, words_of

HONCHO = "system"
"""What honcho calls itself."""


class EventPrinter(Printer):
    """Prints one event a line."""

    def write(self, message: Any) -> None:  # noqa: ANN401  honcho's own
        """Print what a process wrote."""
        written = message.data
        text = written.decode("utf-8", "replace") if isinstance(written, bytes) else written
        for line in text.splitlines():
            print(line if is_event(line) else event_of(line, message), file=self.output, flush=True)


def is_event(line: str) -> bool:
    """True where the line is one already."""
    try:
        return line.startswith("{") and "event" in json.loads(line)
    except ValueError:
        return False


def event_of(line: str, message: Any) -> str:  # noqa: ANN401  honcho's own
    """An event that says what a line says."""
    name = message.name or HONCHO
    said = {
        "event": line,
        "worker": name.partition(".")[0],
        "level": "info",
        "logger": "honcho" if name == HONCHO else "output",
        "timestamp": message.time.astimezone(UTC).isoformat(),
    }
    return json.dumps(redact(None, "info", said))


def main() -> int:
    """Run them until one ends or somebody asks us to; then all end."""
    lines = parse_procfile(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if any(map(words_of, lines.processes.values())):
        make_ready()
    manager = Manager(EventPrinter(sys.stdout))  # type: ignore[no-untyped-call]  # inherited
    manager._process_ctor = ForkedProcess  # type: ignore[assignment]  # noqa: SLF001  what it is for
    for one in expand_processes(lines.processes, env=dict(os.environ)):
        manager.add_process(one.name, one.cmd, quiet=one.quiet, env=one.env)
    manager.loop()
    return int(manager.returncode or 0)


if __name__ == "__main__":
    sys.exit(main())

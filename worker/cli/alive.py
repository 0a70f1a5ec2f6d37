"""`outreach alive KIND`: reads what the process itself wrote, and imports little: it is for probes."""

import sys

from worker import heartbeat
from worker.cli.plain_text import one_line

USAGE = f"usage: outreach alive [{'|'.join(heartbeat.KINDS)}]"


def alive(arguments: list[str]) -> int:
    """0 when every process of the kind on this host goes on, else 1 with a sentence; 2 for a wrong call."""
    if len(arguments) > 1 or any(one.startswith("-") for one in arguments):
        sys.stderr.write(f"{USAGE}\n")
        return 0 if arguments in (["--help"], ["-h"]) else 2
    try:
        asked = arguments or sorted(heartbeat.kinds()) or ["process"]
        wrong = [sentence for kind in asked for sentence in heartbeat.judge(kind)]
    except OSError as error:
        wrong = [str(error)]
    for sentence in wrong:
        sys.stderr.write(f"{one_line(sentence)}\n")
    return 1 if wrong else 0


def alive_command(kind: str = "") -> None:
    """Say whether this host's processes of a kind go on; for probes: asks no database."""
    sys.exit(alive([kind] if kind else []))

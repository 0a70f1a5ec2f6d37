"""The lines of the Procfile, as the words after `python`."""

from worker.local.stack import PROCFILE

LINES: dict[str, list[str]] = {
    name: command.removeprefix("exec python ").split()
    for name, _, command in (
        line.partition(": ") for line in PROCFILE.read_text(encoding="utf-8").splitlines()
    )
}

"""The start of the installed command: a probe that asks every ten seconds waits for no import."""

import sys

from worker.cli.alive import alive


def main() -> None:
    """Run the operator's command."""
    if sys.argv[1:2] == ["alive"]:
        sys.exit(alive(sys.argv[2:]))
    from worker.cli.main import main as command  # noqa: PLC0415  the rest of the command line

    command()


if __name__ == "__main__":
    main()

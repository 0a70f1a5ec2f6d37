"""`python -m worker.local run|demo`: the Makefile's way in."""

import argparse
import sys
from pathlib import Path

from config.extras import need_extra
from worker.cli.encoding import print_whatever_the_encoding


def main() -> int:
    """Run one of the two."""
    parser = argparse.ArgumentParser(prog="python -m worker.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the Procfile, on embedded services where none are named")
    showing = commands.add_parser("demo", help="dispatch three real batches against the sandbox")
    showing.add_argument("--keep", action="store_true", help="leave it running until Ctrl-C")
    showing.add_argument("--csv", type=Path, help="your own file instead of the three that ship")
    showing.add_argument("--mode", help="the channel of --csv: voice, sms or email")
    chosen = parser.parse_args()
    print_whatever_the_encoding()
    need_extra("demo", chosen.command)
    # Here, because they import what only that extra brings.
    if chosen.command == "run":
        from worker.local.run import run  # noqa: PLC0415

        return run()
    from worker.local.demo import demo  # noqa: PLC0415

    return demo(keep=chosen.keep, csv=chosen.csv, channel=chosen.mode)


if __name__ == "__main__":
    sys.exit(main())

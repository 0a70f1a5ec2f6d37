"""What every duty of the scheduler reads, scan and webhooks included: one JSON object of rows by statement.

A program of its own, since the scheduler's module reads the settings as it is imported.
"""

import asyncio
import json
import sys
from collections.abc import Callable

from tasks.app import runtime
from tasks.publish import scan_and_publish
from tasks.scheduler import duties
from tests.plans import explained, rows_read
from worker.desk.metrics import read_snapshot


class Nobody:
    """Receives nothing."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        raise AssertionError(url)


async def _tell() -> None:
    await runtime().teller(Nobody()).round()  # type: ignore[arg-type]


def main() -> None:
    plans = explained(runtime().engine)
    steps: dict[str, Callable[[], object]] = {one.name: one.step for one in duties()}
    steps["metrics"] = lambda: read_snapshot(runtime().engine)
    steps |= {"scan": scan_and_publish, "webhooks": lambda: asyncio.run(_tell())}
    read: dict[str, dict[str, float]] = {}
    for name, step in steps.items():
        step()  # what there is to do is done
        plans.clear()
        step()
        read[name] = rows_read(plans)
    runtime().close_provider_loop()
    sys.stdout.write("\n" + json.dumps(read) + "\n")


if __name__ == "__main__":
    main()

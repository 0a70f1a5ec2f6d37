"""How long after the clock was read the kernel has a request's last byte: what a freeze may still hit.

    python -m tests.benchmarks.window

Counted until the loop is free again, so a little more than it is.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import uvloop

from tests.integration.providers.reader import Reader
from tests.integration.providers.test_transport import self_signed
from tests.programs import run_alone
from worker.providers.deadline_clock import Moment
from worker.providers.transport import Transport

REQUESTS = 3_000
SIZES = {"a text": 600, "a thousand mails": 340_000}


@dataclass(frozen=True, slots=True)
class Watched(Moment):
    """Notes when it was looked at, and when the loop had time for something else."""

    widths: list[float] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """See `Moment`."""
        began = perf_counter()
        asyncio.get_running_loop().call_soon(lambda: self.widths.append(perf_counter() - began))
        return Moment(self.boot, self.wall).passed


async def widths(reader: Reader, trust: ssl.SSLContext | None, size: int) -> list[float]:
    """Seconds, sorted, of requests one after the other on one connection."""
    transport = Transport(connect_timeout=5, read_timeout=10, limit=1, trust=trust)
    soon = Moment.now().later(600)
    watched = Watched(soon.boot, soon.wall)
    for _ in range(REQUESTS if size < 10_000 else REQUESTS // 20):
        await transport.exchange("POST", reader.url, headers={}, body=b"x" * size, deadline=watched)
    await transport.close()
    return sorted(watched.widths)


def main() -> None:
    """Print a line for each loop, with and without TLS."""
    runs: dict[str, Callable[[Any], Any]] = {"asyncio": asyncio.run, "uvloop": uvloop.run}
    with TemporaryDirectory() as folder:
        serves = self_signed(Path(folder))
        trusts = ssl.create_default_context(cafile=f"{folder}/server.pem")
        for loop, run in runs.items():
            for speech, (tls, trust) in {"plain": (None, None), "TLS": (serves, trusts)}.items():
                for name, size in SIZES.items():
                    with Reader(tls) as reader:
                        reader.reads.set()
                        found = run(widths(reader, trust, size))
                    median, p99 = (found[int(len(found) * part)] * 1e6 for part in (0.5, 0.99))
                    print(f"{loop:8}{speech:6}{name:18} median {median:5.0f} µs, p99 {p99:5.0f} µs")


if __name__ == "__main__":
    run_alone(main)

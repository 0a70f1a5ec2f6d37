"""What is compared: each design takes the same work and is measured by the same rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import psycopg

PARTS = ("workers", "scheduler", "database", "broker")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. CPU in milliseconds per request, by part; the provider's is not counted."""

    requests: int
    seconds: float
    cpu: dict[str, float]
    peak_in_flight: int

    @property
    def rate(self) -> float:
        """Requests per second, from the first begun to the last accepted."""
        return self.requests / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds per request, all parts together."""
        return sum(self.cpu.values())


class Design(Protocol):
    """One way to dispatch."""

    name: str

    def run(self, channel: str, n: int, latency: int) -> Measured:
        """Dispatch n requests to a provider with this latency in milliseconds."""


def per_request(
    before: Mapping[str, float], after: Mapping[str, float], n: int
) -> dict[str, float]:
    """CPU milliseconds per request, by part."""
    return {part: (after.get(part, 0.0) - before.get(part, 0.0)) * 1000 / n for part in PARTS}


def fetch(url: str, query: str, *values: object) -> tuple[float, ...]:
    """One row."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return tuple(float(value) for value in row)


def settle(url: str) -> None:
    """Let no run pay for the dirt of the one before."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")

"""Names of this deployment on servers that it shares with others: keys, queues, streams, workers.

One deployment's NAMESPACE stands in all of them, so that two on one broker never meet. Without one they
are called as they ever were.
"""

from dataclasses import dataclass

DEFAULT = "outreach"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one deployment on one kind of broker."""

    namespace: str = DEFAULT
    prefixed: bool = True
    """Whether the broker's client puts the prefix before each name, as Celery's does on Redis."""

    @property
    def prefix(self) -> str:
        """Return what every key of ours begins with; one pattern for the broker's ACL."""
        return f"{self.namespace}:"

    @property
    def stream(self) -> str:
        """The Redis Stream that takes work in."""
        return f"{self.prefix}triggers"

    @property
    def group(self) -> str:
        """Return who reads it."""
        return self.namespace

    @property
    def memory(self) -> str:
        """The key under which the database is remembered."""
        return f"{self.prefix}database"

    @property
    def limits(self) -> str:
        """Return what the key of every limit begins with."""
        return f"{self.prefix}limit:"

    @property
    def is_default(self) -> bool:
        """Return whether nobody chose a namespace."""
        return self.namespace == DEFAULT

    def queue(self, name: str) -> str:
        """Return what a Celery client calls a queue of ours."""
        return name if self.prefixed or self.is_default else f"{self.namespace}.{name}"

    def worker(self, name: str) -> str:
        """Return what a worker is called beside the others of its broker."""
        return name if self.is_default else f"{self.namespace}-{name}"

    def exchange(self, name: str) -> str:
        """Name an exchange of Celery's own: for heartbeats, and for what workers are asked."""
        return name if self.is_default else f"{self.namespace}.{name}"

"""Stores outside of the database that remember its identity.

Only a place that is there and empty remembers nothing. Whatever else keeps us from reading it could hide
that this is another database, so it refuses: what was damaged until somebody looks, what is away until
it is back.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from worker.domain.database_identity import (
    RefusedToStart,
    RememberedIdentity,
    Unreadable,
    read_identity,
)
from worker.store.errors import StoreUnavailable
from worker.store.rolls import Roll, roll_of

__all__ = [
    "BrokerIdentityStore",
    "FileIdentityStore",
    "IdentityStore",
    "IdentityStoreAway",
    "IdentityStoreUnfit",
    "open_identity_stores",
    "roll_of",
]

if TYPE_CHECKING:
    from redis import Redis


class IdentityStoreUnfit(RefusedToStart):
    """A memory that can't be trusted; `place` names it, `why` says what is wrong with it."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(
            f"{place}, where the database is remembered, {why}: mend it; where it is lost, check the"
            " database, then: outreach resume --after-restore"
        )


class IdentityStoreAway(StoreUnavailable):
    """A memory that can't be asked at the moment."""

    def __init__(self, place: str, error: Exception) -> None:
        super().__init__(
            f"the server of {place}, where the database is remembered, is away: {type(error).__name__}"
        )


class IdentityStore(Protocol):
    """A place outside of the database that remembers it.

    Each method raises IdentityStoreUnfit or IdentityStoreAway.
    """

    @property
    def place(self) -> str:
        """Return what it is called."""

    def recall(self) -> RememberedIdentity | None:
        """Read what is remembered; None when nothing is."""

    def remember(self, known: RememberedIdentity) -> None:
        """Keep it."""


class FileIdentityStore:
    """A file of this host, under STATE_DIR."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "database.json"
        self.place = f"{self._path} (STATE_DIR)"

    def recall(self) -> RememberedIdentity | None:
        """Read the file."""
        with self._guard("can't be read"):
            try:
                return read_identity(self._path.read_bytes())
            except FileNotFoundError:
                return None

    def remember(self, known: RememberedIdentity) -> None:
        """Replace the file in one step: a crash leaves the old one or the new one."""
        with self._guard("can't be written"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(f".{os.getpid()}")
            fresh.write_text(known.spelled(), encoding="utf-8")
            fresh.replace(self._path)

    @contextmanager
    def _guard(self, why: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise IdentityStoreUnfit(self.place, f"{why} ({type(error).__name__})") from None
        except Unreadable:
            raise IdentityStoreUnfit(self.place, "is damaged") from None


class BrokerIdentityStore:
    """A key in the broker, shared by all hosts; beside RabbitMQ, on the server that keeps the limits."""

    KEY = "outreach:database"

    def __init__(self, client: "Redis", setting: str = "BROKER_URL", key: str = KEY) -> None:
        self._client = client
        self._setting = setting
        self._key = key
        self.place = f"the key {key} of {setting}"
        self.roll = Roll(client, key)

    def recall(self) -> RememberedIdentity | None:
        """Read the key."""
        with self._guard():
            kept = self._client.get(self._key)
            return None if kept is None else read_identity(kept)

    def remember(self, known: RememberedIdentity) -> None:
        """Set the key."""
        with self._guard():
            self._client.set(self._key, known.spelled())

    @contextmanager
    def _guard(self) -> Iterator[None]:
        from redis.exceptions import RedisError  # noqa: PLC0415  by now it is there

        try:
            yield
        except RedisError as error:
            if str(error).startswith("WRONGTYPE"):
                raise IdentityStoreUnfit(self.place, "is damaged") from None
            raise IdentityStoreAway(self._setting, error) from None
        except Unreadable:
            raise IdentityStoreUnfit(self.place, "is damaged") from None


def open_identity_stores(
    state_dir: Path, broker_url: str, limits_url: str, key: str = BrokerIdentityStore.KEY
) -> list[IdentityStore]:
    """Every place that remembers: this host's file, and the first of the servers that is a Redis."""
    # Here, because the client takes long to import, and a command that lists things asks no server.
    from redis import Redis  # noqa: PLC0415

    kept: list[IdentityStore] = [FileIdentityStore(state_dir)]
    for setting, url in (("BROKER_URL", broker_url), ("LIMITS_URL", limits_url)):
        if url.startswith("redis"):
            client = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
            return [*kept, BrokerIdentityStore(client, setting, key)]
    return kept

"""Which database this is, whether it keeps what it acknowledged, and where that is remembered."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from worker.domain.memory import Remembered
from worker.store.connect import StoreUnavailable
from worker.store.guards import is_pooled

_FROM = """
    FROM pg_control_system() AS s, pg_control_checkpoint() AS c, pg_database AS d
    WHERE d.datname = current_database()
"""
_WHICH = f"SELECT s.system_identifier || ':' || d.oid, c.timeline_id {_FROM}"
_PRESENT = text(f"""
    SELECT s.system_identifier || ':' || d.oid, c.timeline_id,
           (pg_current_wal_flush_lsn() - '0/0')::bigint {_FROM}
""")


class DatabaseChanged(StoreUnavailable):
    """A new connection leads to another database than the process's first one did."""

    def __init__(self) -> None:
        super().__init__(
            "the database was restored, cloned or failed over under a running process:"
            " check it, resume --after-restore, and restart the process"
        )


def pin(engine: Engine) -> None:
    """Let every connection of the engine be to the database of its first one, on the same timeline.

    A database can only be replaced by breaking its connections, so checking new ones is enough; except
    behind a pooler, whose clients stay connected: there every transaction asks first.
    """
    first: list[tuple[object, ...]] = []

    @event.listens_for(engine, "connect")
    def check(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(_WHICH)
        found = tuple(cursor.fetchone() or ())
        cursor.close()
        connection.rollback()
        compare(found)

    @event.listens_for(engine, "begin")
    def check_again(connection: Connection) -> None:
        if is_pooled(connection):
            compare(tuple(connection.exec_driver_sql(_WHICH).one()))

    def compare(found: tuple[object, ...]) -> None:
        first.append(found)
        del first[1:]
        if found != first[0]:
            raise DatabaseChanged


def present(connection: Connection) -> Remembered:
    """The database at hand."""
    return Remembered(*connection.execute(_PRESENT).one())


def has_attempts(connection: Connection) -> bool:
    """Whether anybody was ever contacted from this database."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM attempt)")))


def forgetful_settings(connection: Connection) -> list[str]:
    """Settings under which an acknowledged commit could be lost in a crash."""
    rows = connection.execute(
        text("""
            SELECT name FROM pg_settings
            WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') AND setting = 'off'
            ORDER BY name
        """)
    )
    return list(rows.scalars())


class Memory(Protocol):
    """A place outside of the database that remembers it."""

    def recall(self) -> Remembered | None:
        """What is remembered; None when nothing is, or the place can't be reached."""

    def remember(self, known: Remembered) -> None:
        """Keep it, if the place can be reached."""


class FileMemory:
    """A file of this host, under STATE_DIR."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "database.json"

    def recall(self) -> Remembered | None:
        """What the file says; a damaged file remembers nothing."""
        try:
            return Remembered(**json.loads(self._path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def remember(self, known: Remembered) -> None:
        """Replace the file in one step: a crash leaves the old one or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(asdict(known)), encoding="utf-8")
        fresh.replace(self._path)


class BrokerMemory:
    """A key in the broker, shared by all hosts; beside RabbitMQ, on the server that keeps the limits."""

    KEY = "outreach:database"

    def __init__(self, client: Redis) -> None:
        self._client = client

    def recall(self) -> Remembered | None:
        """What the key says."""
        try:
            kept = self._client.get(self.KEY)
        except RedisError:
            return None
        return Remembered(**json.loads(kept)) if isinstance(kept, bytes | str) else None

    def remember(self, known: Remembered) -> None:
        """Set the key."""
        try:
            self._client.set(self.KEY, json.dumps(asdict(known)))
        except RedisError:
            return


def memories(state_dir: Path, *urls: str) -> list[Memory]:
    """Every place that remembers: this host's file, and the first of the servers that is a Redis."""
    kept: list[Memory] = [FileMemory(state_dir)]
    shared = next((url for url in urls if url.startswith("redis")), None)
    if shared:
        kept.append(
            BrokerMemory(Redis.from_url(shared, socket_timeout=2, socket_connect_timeout=2))
        )
    return kept

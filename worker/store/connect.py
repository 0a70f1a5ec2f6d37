"""The way to the database: one engine per process, with the timeouts that keep a frozen peer harmless."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import orjson
from psycopg.types.json import set_json_loads
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from worker.domain.suppression import SuppressScope
from worker.store import guards
from worker.store.suppressions import SCOPE
from worker.store.unavailable import StoreUnavailable

__all__ = [
    "Connection",
    "Engine",
    "StoreUnavailable",
    "connect",
    "in_one_statement",
    "in_transaction",
    "translated",
]

T = TypeVar("T")

set_json_loads(orjson.loads)

# deadlock, serialization failure, lock timeout, statement timeout: nothing was kept
AGAIN = {"40P01", "40001", "55P03", "57014"}
SERVER_AWAY = {"57P01", "57P02", "57P03", "08006", "08003", "08001", "25P03", "25P04"}
# what PgBouncer says when the server is away or busy; connections it or the server has no room for
SERVER_AWAY |= {"08P01", "53300"}
# undefined table, column, function: the database is not at this version's shape
WRONG_SHAPE = {"42P01", "42703", "42883"}
TRIES = 5

# These let go of the locks of a host that vanished, as the guards do of a frozen process's.
KEEPALIVE = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def connect(
    url: str,
    *,
    pool_size: int = 5,
    guarded: bool = True,
    suppress_scope: SuppressScope = SuppressScope.CHANNEL,
) -> Engine:
    """An engine that connects on first use.

    `guarded` engines give up on locks and idle transactions within seconds: right for workers, wrong
    for an upload that runs for minutes. Opt-outs written through it count as far as `suppress_scope`.
    """
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args={
            "options": f"{guards.STARTUP if guarded else ''} -c timezone=UTC",
            "connect_timeout": 5,
            "application_name": "outreach",
            **KEEPALIVE,
        },
        execution_options={SCOPE: suppress_scope},
        hide_parameters=True,  # an error text must not carry a target or a variable
    )
    guards.hold(engine, guarded=guarded)
    return engine


def in_transaction(engine: Engine, step: Callable[[Connection], T]) -> T:
    """Run one step as one transaction; again when it lost a race for a lock, which left nothing behind.

    Raises:
        StoreUnavailable: the database is away. Whether a commit in flight was kept is unknown then,
            which is why every step may be repeated.
    """
    for remaining in reversed(range(TRIES)):
        try:
            with engine.begin() as connection:
                return step(connection)
        except DBAPIError as error:
            if remaining and _code(error) in AGAIN:
                continue
            raise _translation(error) or error from None
        except PoolTimeout:
            raise StoreUnavailable("the database is unavailable: no connection is free") from None
    raise AssertionError("unreachable")


def in_one_statement(engine: Engine, step: Callable[[Connection], T]) -> T:
    """Run a step of one statement, committed by the server itself.

    Between a statement and its COMMIT a client may freeze, and keep its locks for as long; here there is
    no between.
    """
    return in_transaction(engine.execution_options(isolation_level="AUTOCOMMIT"), step)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's ways of saying "the database is away" into one of ours."""
    try:
        yield
    except DBAPIError as error:
        raise _translation(error) or error from None


def _translation(error: DBAPIError) -> StoreUnavailable | None:
    if _code(error) in WRONG_SHAPE:
        return StoreUnavailable(
            "the database has not the shape this version expects; run: outreach db upgrade"
        )
    return StoreUnavailable(_sentence(error)) if _is_away(error) else None


def _code(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def _is_away(error: DBAPIError) -> bool:
    if _code(error):
        return _code(error) in SERVER_AWAY
    return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated


def _sentence(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return f"the database is unavailable: {lines[0]}"

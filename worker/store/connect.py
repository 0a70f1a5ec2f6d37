"""The way to the database: one engine per process, with the timeouts that keep a frozen peer harmless."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from worker.domain.audit import AuditDoor
from worker.domain.consent.suppression import SuppressScope
from worker.heartbeat import HEART
from worker.store import guards, profiles, version
from worker.store.audit import DOOR
from worker.store.errors import StoreRefused, StoreUnavailable
from worker.store.suppressions import SCOPE

__all__ = [
    "Connection",
    "Engine",
    "StoreRefused",
    "StoreUnavailable",
    "connect",
    "in_one_statement",
    "in_transaction",
    "on_trial",
    "to_store_error",
    "translate_errors",
]

T = TypeVar("T")
P = ParamSpec("P")
Step = Callable[Concatenate[Connection, P], T]

set_json_loads(orjson.loads)

# deadlock, serialization failure, lock timeout, statement timeout: nothing was kept
AGAIN = {"40P01", "40001", "55P03", "57014"}
# The classes of SQLSTATE that speak of what was asked. Every other one speaks of the database, by
# whatever name it comes: https://www.postgresql.org/docs/current/errcodes-appendix.html
OF_DATA = ("21", "22", "23", "42")
# insufficient privilege: of that class, and yet no fault of the data
OF_STORE = {"42501"}
# undefined table, column, function: the database is not at this version's shape
WRONG_SHAPE = {"42P01", "42703", "42883"}
TRIES = 5
# Seconds for a connection from the pool, for making one, and for a transaction: see `guards.py`.
LONGEST_WAIT = 30.0

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
    door: AuditDoor = AuditDoor.SYSTEM,
    profile: str | None = None,
) -> Engine:
    """An engine that connects on first use.

    `guarded` engines give up on locks and idle transactions within seconds: right for workers, wrong
    for an upload that runs for minutes. Opt-outs written through it count as far as `suppress_scope`;
    what is done through it came in by `door`. A database
    that is used with another `profile` is refused.

    Raises, as it connects:
        UsedOtherwise, StoreUnavailable.
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
        execution_options={SCOPE: suppress_scope, DOOR: door, profiles.PROFILE: profile},
        hide_parameters=True,  # an error text must not carry a target or a variable
    )
    version.refuse_older(engine)
    guards.hold(engine, guarded=guarded)
    if profile is not None:
        profiles.hold(engine, profile)
    return engine


def in_transaction(engine: Engine, step: Step[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `step(connection, *args, **kwargs)` as one transaction; again where it lost a race for a lock.

    A lost race leaves nothing behind.

    Raises:
        StoreUnavailable: the database does not take it. Whether a commit in flight was kept is unknown
            then, which is why every step may be repeated.
        StoreRefused: the data is such that it never will.
    """
    for remaining in reversed(range(TRIES)):
        HEART.beat(LONGEST_WAIT)
        try:
            with engine.begin() as connection:
                return step(connection, *args, **kwargs)
        except DBAPIError as error:
            if remaining and getattr(error.orig, "sqlstate", None) in AGAIN:
                continue
            raise to_store_error(error.orig) from None
        except PoolTimeout:
            raise StoreUnavailable("the database is unavailable: no connection is free") from None
    raise AssertionError("unreachable")


def in_one_statement(engine: Engine, step: Step[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a step of one statement, committed by the server itself.

    Between a statement and its COMMIT a client may freeze, and keep its locks for as long; here there is
    no between.
    """
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    return in_transaction(autocommit, step, *args, **kwargs)


def on_trial(connection: Connection, step: Step[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a step within a transaction: where it raises, what it did is undone, and nothing before it.

    Raises:
        StoreUnavailable, StoreRefused: as `in_transaction`.
    """
    with translate_errors(), connection.begin_nested():
        return step(connection, *args, **kwargs)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn the driver's ways of saying no into ours."""
    try:
        yield
    except DBAPIError as error:
        raise to_store_error(error.orig) from None


def to_store_error(error: BaseException | None) -> StoreUnavailable | StoreRefused:
    """Translate an error of the driver."""
    code = str(getattr(error, "sqlstate", None) or "")
    if code in WRONG_SHAPE:
        return StoreUnavailable(
            "the database has not the shape this version expects; run: outreach db upgrade"
        )
    if _is_of_data(error, code):
        return StoreRefused(code, type(error).__name__)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return StoreUnavailable(f"the database is unavailable: {lines[0]}")


def _is_of_data(error: BaseException | None, code: str) -> bool:
    if code:
        return code.startswith(OF_DATA) and code not in OF_STORE
    # Without a code the driver itself speaks: of a value that it can't send, or of the connection.
    return isinstance(
        error, psycopg.DataError | psycopg.ProgrammingError | psycopg.NotSupportedError
    )

"""Conventions of all tables: names of constraints, kinds of columns, lists of allowed values."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    MetaData,
    func,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

Timestamp = DateTime(timezone=True)
NOW = func.clock_timestamp()


def sql_list(values: Iterable[StrEnum]) -> str:
    """The values as SQL writes a list of them."""
    return ", ".join(f"'{value}'" for value in sorted(values))


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A CHECK that the column holds one of the values."""
    return CheckConstraint(f"{column} IN ({sql_list(values)})", name=column)


def is_open(batch: str = "") -> str:
    """Return whether work of a batch may flow, but for its expiry, which is a matter of the clock.

    The condition of the index `communication_batch_open`, which serves only who asks the same.

    Args:
        batch: what its columns are qualified by, with the dot.
    """
    nothing = ("deleted_at", "finished_at", "error_message")
    return " AND ".join([f"NOT {batch}paused", *(f"{batch}{one} IS NULL" for one in nothing)])

"""Open attempts that the rescuer could not judge: by a fault of ours, or an answer that nobody foresaw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# One statement for a page: what could be judged this time is, and what is over was judged by somebody.
_NOTE = text("""
    WITH judged AS (
        DELETE FROM unjudged AS u WHERE u.attempt <> ALL (:attempts) AND (
            u.attempt = ANY (:looked_after)
            OR NOT EXISTS (SELECT FROM attempt WHERE id = u.attempt AND check_at IS NOT NULL))
    )
    INSERT INTO unjudged AS u (attempt, fault)
    SELECT * FROM unnest(CAST(:attempts AS bigint[]), CAST(:faults AS text[]))
    ON CONFLICT (attempt) DO UPDATE SET fault = excluded.fault, times = u.times + 1
""")


def note(connection: Connection, looked_after: Sequence[int], faults: Mapping[int, str]) -> None:
    """Note by attempt which kind of error came between, and forget what was noted of the others."""
    values = {"looked_after": list(looked_after), "attempts": list(faults)}
    connection.execute(_NOTE, values | {"faults": list(faults.values())})


@dataclass(frozen=True, slots=True)
class Unjudged:
    """The attempts that stay open for that, since when, and the kinds of their errors."""

    attempts: int
    since: datetime | None
    faults: Sequence[str]


_READ = text("""
    SELECT count(*), min(u.noted_at), coalesce(array_agg(DISTINCT u.fault), '{}')
    FROM unjudged AS u JOIN attempt AS a ON a.id = u.attempt WHERE a.check_at IS NOT NULL
""")


def read(connection: Connection) -> Unjudged:
    """Those of this moment; a callback or an operator may have settled what was noted."""
    return Unjudged(*connection.execute(_READ).one())

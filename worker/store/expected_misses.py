"""Auto-paced batches, and how many of their requests are not expected to be attempted in time."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Integer

from worker.store.schema.conventions import is_open

_AUTO_PACED = text(f"""
    SELECT id FROM communication_batch
    WHERE {is_open()} AND auto_call_rate AND expires_on > clock_timestamp()
    ORDER BY expires_on, id LIMIT :limit
""")  # noqa: S608  is_open is a constant


def auto_paced(connection: Connection, limit: int) -> list[int]:
    """Open batches with an automatic rate, those that expire first before the others."""
    return list(connection.scalars(_AUTO_PACED, {"limit": limit}))


class Noted(NamedTuple):
    """A batch whose prospect has changed: requests missed as noted before, and now; None: none."""

    batch_id: str
    before: int | None
    now: int | None


# A row that a scan holds is noted the next time.
_NOTE = text("""
    WITH held AS (
        SELECT p.batch, p.late AS before, v.late
        FROM unnest(:batches, :lates) AS v (batch, late) JOIN batch_pace AS p USING (batch)
        WHERE p.late IS DISTINCT FROM v.late ORDER BY p.batch FOR UPDATE OF p SKIP LOCKED
    )
    UPDATE batch_pace AS p SET late = held.late FROM held, communication_batch AS b
    WHERE p.batch = held.batch AND b.id = held.batch
    RETURNING b.batch_id, held.before, held.late
""").bindparams(
    bindparam("batches", type_=ARRAY(BigInteger)), bindparam("lates", type_=ARRAY(Integer))
)


def note(connection: Connection, missed: Mapping[int, int]) -> list[Noted]:
    """Keep how many requests each batch will miss. Returns those for which that is news."""
    rows = connection.execute(
        _NOTE,
        {"batches": list(missed), "lates": [n or None for n in missed.values()]},
    )
    return [Noted(*row) for row in rows]

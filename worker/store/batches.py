"""Batches: the row an operator edits, and the facts its status is read from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from worker.domain.contract.batches import EDITABLE, BatchFacts, BatchFields, Count
from worker.domain.recipients.number_policy import NumberPolicy
from worker.domain.statuses import Channel, ChannelStatus, RequestStatus
from worker.domain.wire import Wire
from worker.store.schema import attempt, batch, campaign, request

# The automatic rate is computed anew when requests are added, its start or end moves or a pause ends.
_PACE_ANEW = {"auto_call_rate_baseline": None}


@dataclass(frozen=True, slots=True)
class Intake:
    """The facts of a batch that an upload needs before it reads a row."""

    facts: BatchFacts
    channel: Channel
    default_region: str
    policy: NumberPolicy
    now: datetime


def add(
    connection: Connection,
    fields: BatchFields,
    by: str,
    *,
    created_as: dict[str, Wire],
    traceparent: str | None = None,
) -> bool:
    """Store a new batch, with the trace it came from. Returns False when its id is taken."""
    written = {"last_updated_by": by, "created_as": created_as, "traceparent": traceparent}
    rows = connection.execute(
        insert(batch)
        .values(**fields.model_dump(), **written)
        .on_conflict_do_nothing(index_elements=["batch_id"])
        .returning(batch.c.id)
    )
    return rows.first() is not None


def created_as(connection: Connection, batch_id: int) -> dict[str, Wire] | None:
    """Return what the batch was created as; None for one created before this was kept."""
    found: dict[str, Wire] | None = connection.scalar(
        select(batch.c.created_as).where(batch.c.id == batch_id)
    )
    return found


def find(connection: Connection, batch_id: str, *, lock: bool = False) -> BatchFacts | None:
    """The facts of a batch, held against other editors if asked."""
    query = select_facts().where(batch.c.batch_id == batch_id)
    rows = connection.execute(query.with_for_update(key_share=True, of=batch) if lock else query)
    row = rows.mappings().first()
    return facts_in(row) if row else None


def intake(connection: Connection, batch_id: str) -> Intake | None:
    """The batch with what its campaign says about targets."""
    query = (
        select_facts()
        .add_columns(
            campaign.c.mode,
            campaign.c.default_region,
            campaign.c.allowed_regions,
            campaign.c.refused_line_types,
            campaign.c.allow_costly_numbers,
            func.clock_timestamp().label("now"),
        )
        .join(campaign, campaign.c.id == batch.c.campaign_id)
        .where(batch.c.batch_id == batch_id)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    policy = NumberPolicy(
        tuple(row["allowed_regions"]),
        tuple(row["refused_line_types"]),
        row["allow_costly_numbers"],
    )
    channel, region = Channel(row["mode"]), row["default_region"]
    return Intake(facts_in(row), channel, region, policy, row["now"])


def edit(connection: Connection, batch_id: int, fields: BatchFields, by: str) -> None:
    """Write the editable fields of a batch that the caller holds locked."""
    values: dict[str, object] = {name: getattr(fields, name) for name in EDITABLE}
    # Another start or deadline needs another pace, and so does what is left when a pause ends.
    same = and_(
        batch.c.starts_at.is_not_distinct_from(fields.starts_at),
        batch.c.expires_on.is_not_distinct_from(fields.expires_on),
    )
    goes_on = and_(same, or_(batch.c.paused == fields.paused, literal(fields.paused)))
    values["auto_call_rate_baseline"] = case((goes_on, batch.c.auto_call_rate_baseline))
    connection.execute(update(batch).where(batch.c.id == batch_id).values(**values, **_touch(by)))


def set_paused(connection: Connection, batch_id: int, by: str, *, paused: bool) -> None:
    """Pause or resume a batch that the caller holds locked."""
    connection.execute(
        update(batch)
        .where(batch.c.id == batch_id)
        .values(paused=paused, **_touch(by), **({} if paused else _PACE_ANEW))
    )


def mark_deleted(connection: Connection, batch_id: str, by: str, *, reason: str) -> bool:
    """Delete the batch; its waiting requests are closed by a sweep. False if it was or is unknown."""
    result = connection.execute(
        update(batch)
        .where(batch.c.batch_id == batch_id, batch.c.deleted_at.is_(None))
        .values(deleted_at=func.clock_timestamp(), deleted_reason=reason, **_touch(by))
    )
    return result.rowcount == 1


def note_upload(connection: Connection, batch_id: int, filename: str, by: str) -> None:
    """Work was added: the batch is not finished, and whatever failed before is put right."""
    connection.execute(
        update(batch)
        .where(batch.c.id == batch_id)
        .values(
            upload_filename=filename,
            error_message=None,
            finished_at=None,
            **_touch(by),
            **_PACE_ANEW,
        )
    )


def note_waiting(connection: Connection, batch_id: int, filename: str, by: str) -> None:
    """A file waits to be read: the batch is not finished before it is."""
    connection.execute(
        update(batch)
        .where(batch.c.id == batch_id)
        .values(upload_filename=filename, finished_at=None, **_touch(by))
    )


def note_addition(connection: Connection, batch_id: int, by: str) -> None:
    """Work was added by message, or came back by a retry: the batch is not finished."""
    connection.execute(
        update(batch)
        .where(batch.c.id == batch_id)
        .values(finished_at=None, **_touch(by), **_PACE_ANEW)
    )


def note_failed_upload(
    connection: Connection,
    batch_id: str,
    filename: str,
    by: str,
    *,
    why: str,
    spare_filled: bool = False,
) -> None:
    """Nothing of the file was stored: the batch says why until a good file comes.

    With `spare_filled` one that has somebody to reach is left as it is.
    """
    chosen = [batch.c.batch_id == batch_id, batch.c.deleted_at.is_(None)]
    if spare_filled:
        chosen.append(~_FILLED)
    connection.execute(
        update(batch)
        .where(*chosen)
        .values(upload_filename=filename, error_message=why, **_touch(by))
    )


_FILLED = (
    select(request.c.id)
    .where(request.c.batch == batch.c.id, request.c.address.is_not(None))
    .exists()
)


# One row, whatever there is: the clock is read with the counts, in one round trip.
_COUNTS_NOW = text("""
    SELECT clock_timestamp(), (
        SELECT json_agg(json_build_array(batch, request_status, channel_manager_status, n)
            ORDER BY batch, request_status, channel_manager_status)
        FROM (
            SELECT batch, request_status, channel_manager_status, sum(n)::bigint AS n
            FROM request_count WHERE batch = ANY (CAST(:batches AS bigint[]))
            GROUP BY batch, request_status, channel_manager_status HAVING sum(n) <> 0
        ) AS counted
    )
""")


def counts(connection: Connection, batches: Iterable[int]) -> dict[int, tuple[Count, ...]]:
    """Count each batch's requests by status, in a stable order."""
    return counts_now(connection, batches)[1]


def counts_now(
    connection: Connection, batches: Iterable[int]
) -> tuple[datetime, dict[int, tuple[Count, ...]]]:
    """The time by the only clock that counts, and each batch's requests by status."""
    at, rows = connection.execute(_COUNTS_NOW, {"batches": list(batches)}).one()
    found: dict[int, tuple[Count, ...]] = {}
    for batch_id, status, outcome, n in rows or ():
        count = Count(RequestStatus(status), ChannelStatus(outcome), n)
        found[batch_id] = (*found.get(batch_id, ()), count)
    return at, found


def now(connection: Connection) -> datetime:
    """The time by the only clock that counts."""
    at = connection.scalar(text("SELECT clock_timestamp()"))
    assert isinstance(at, datetime)
    return at


# What an archived batch has attempted is no longer stored.
# One step along the index of a batch's attempts for each that is shown, which the order asks for: as an
# EXISTS, or unordered, the planner may read every attempt there is instead.
ATTEMPTED = or_(
    select(literal(True))
    .where(attempt.c.batch == batch.c.id, attempt.c.counted)
    .order_by(attempt.c.began_at.desc())
    .limit(1)
    .scalar_subquery()
    .is_(True),
    batch.c.archived_at.is_not(None),
)


def select_facts() -> Select[tuple[object, ...]]:
    """The query for what `facts_in` reads."""
    return select(batch, ATTEMPTED.label("attempted"))


def facts_in(row: RowMapping) -> BatchFacts:
    """The facts in a row of it."""
    return BatchFacts(**{name: row[name] for name in BatchFacts.__slots__})


def _touch(by: str) -> dict[str, object]:
    return {"last_updated_by": by, "last_updated_at": func.clock_timestamp()}

"""Batches as a list: filtered by the server, along the primary key from the newest on."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, or_, select

from worker.domain.contract.batch_queries import BatchQuery
from worker.domain.contract.batches import BatchFacts
from worker.domain.statuses import BatchStatus
from worker.store.batches import ATTEMPTED, facts_in, select_facts
from worker.store.schema import batch, campaign

# The same order as `worker.domain.batches.batch_status`, which a test holds against it.
STATUS = case(
    (batch.c.deleted_at.is_not(None), BatchStatus.CANCELED.value),
    (batch.c.error_message.is_not(None), BatchStatus.FAILED.value),
    (batch.c.expires_on <= func.statement_timestamp(), BatchStatus.EXPIRED.value),
    (batch.c.paused, BatchStatus.PAUSED.value),
    (batch.c.starts_at > func.statement_timestamp(), BatchStatus.PENDING.value),
    (ATTEMPTED, BatchStatus.ACTIVE.value),
    else_=BatchStatus.PENDING.value,
)


def list_batches(
    connection: Connection, query: BatchQuery, campaign_id: int | None
) -> list[tuple[BatchFacts, str]]:
    """The batches that the query asks for, each with its campaign's name."""
    wanted = select_facts().add_columns(campaign.c.campaign_name)
    wanted = wanted.join(campaign, campaign.c.id == batch.c.campaign_id)
    wanted = wanted.where(*_conditions(query, campaign_id))
    wanted = wanted.order_by(batch.c.id.desc()).limit(query.limit)
    rows = connection.execute(wanted).mappings()
    return [(facts_in(row), row["campaign_name"]) for row in rows]


def list_holdable(
    connection: Connection, query: BatchQuery, *, held: bool, after: int
) -> list[tuple[int, str]]:
    """(key, batch_id) of the next batches the query asks for that can be held, or be let go on if `held`."""
    wanted = _holdable(query, batch.c.id, batch.c.batch_id, held=held).where(batch.c.id > after)
    rows = connection.execute(wanted.order_by(batch.c.id).limit(query.limit))
    return [(key, batch_id) for key, batch_id in rows]


def count_holdable(connection: Connection, query: BatchQuery, *, held: bool) -> int:
    """Count all of them."""
    return connection.scalar(_holdable(query, func.count(), held=held)) or 0


def _holdable(
    query: BatchQuery, *columns: ColumnElement[Any], held: bool
) -> Select[tuple[Any, ...]]:
    ends = or_(batch.c.expires_on.is_(None), batch.c.expires_on > func.statement_timestamp())
    lives = [batch.c.paused == held, batch.c.deleted_at.is_(None), ends]
    if not held:  # whoever pauses everything means what could still go out
        lives.append(batch.c.finished_at.is_(None))
    joined = select(*columns).join(campaign, campaign.c.id == batch.c.campaign_id)
    return joined.where(*_conditions(query, None), *lives)


def _conditions(query: BatchQuery, campaign_id: int | None) -> Iterator[ColumnElement[bool]]:
    if campaign_id is not None:
        yield batch.c.campaign_id == campaign_id
    if query.status is not None:
        yield STATUS.in_([query.status.value])
    if query.finished is not None:
        yield batch.c.finished_at.is_not(None) == query.finished
    if query.matching is not None:
        yield _matches(query.matching)
    if query.since is not None:
        ago = isinstance(query.since, timedelta)
        since = func.statement_timestamp() - query.since if ago else query.since
        yield batch.c.created_at >= since
    if query.before is not None:
        below = select(batch.c.id).where(batch.c.batch_id == query.before)
        yield batch.c.id < below.scalar_subquery()


def _matches(text: str) -> ColumnElement[bool]:
    """Return whether the text is a part of one of a batch's names, in any case."""
    named = (batch.c.batch_id, batch.c.upload_filename, campaign.c.campaign_name)
    return or_(*(func.strpos(func.lower(name), text.lower()) > 0 for name in named))

"""Lists of batches and campaigns as the public API asks for them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    func,
    literal,
    select,
)

from worker.domain.contract.batches import BatchFacts
from worker.domain.contract.campaigns import Campaign
from worker.domain.contract.outbound.lists import ListQuery
from worker.store.batch_lists import STATUS
from worker.store.batches import facts_in, select_facts
from worker.store.campaigns import campaign_in
from worker.store.schema import batch, campaign

Condition = Callable[[Any], ColumnElement[bool]]


def _is(column: ColumnElement[Any]) -> Condition:
    return lambda value: column == value


def _has(column: ColumnElement[Any]) -> Condition:
    """Return whether the text is a part of it, in any case."""
    return lambda value: func.strpos(func.lower(cast(column, Text)), func.lower(literal(value))) > 0


def _any_of(column: ColumnElement[Any]) -> Condition:
    return lambda values: column.in_(list(values))


_BATCHES: Mapping[str, Condition] = {
    "batch_id": _is(batch.c.batch_id),
    "campaign_id": _is(batch.c.campaign_id),
    "status": _any_of(STATUS),
    "expires_on": _is(batch.c.expires_on),
    "last_updated_at": _is(batch.c.last_updated_at),
}
_LABEL: ColumnElement[Any] = campaign.c.labels[1]
_CAMPAIGNS: Mapping[str, Condition] = {
    "id": _is(campaign.c.id),
    "campaign_name": _has(campaign.c.campaign_name),
    "campaign_variables": _has(campaign.c.campaign_variables),
    "daily_start_time": _has(campaign.c.daily_start_time),
    "daily_end_time": _has(campaign.c.daily_end_time),
    "source": _has(campaign.c.source),
    "mode": _is(campaign.c.mode),
    "caller_id": _has(campaign.c.caller_id),
    "updated_at": _is(campaign.c.updated_at),
    "label": _has(_LABEL),
    "labels": _has(campaign.c.labels),
    "voicemail_detection": _has(campaign.c.voicemail_detection),
    "timezone": _has(campaign.c.timezone),
}


def find_batches(connection: Connection, query: ListQuery) -> tuple[list[BatchFacts], int]:
    """A page of batches, the newest first unless it says otherwise, and how many there are in all."""
    order = {name: batch.c[name] for name in _BATCHES if name != "status"} | {"status": STATUS}
    conditions = list(_conditions(query, _BATCHES, batch.c.created_at, batch.c.campaign_id))
    wanted = select_facts().where(*conditions)
    wanted = _page(wanted, query, order, batch.c.id)
    total = connection.scalar(select(func.count()).select_from(batch).where(*conditions))
    return [facts_in(row) for row in connection.execute(wanted).mappings()], int(total or 0)


def find_campaigns(connection: Connection, query: ListQuery) -> tuple[list[Campaign], int]:
    """The same of campaigns that are not deleted."""
    order = {name: campaign.c[name] for name in _CAMPAIGNS if name != "label"} | {"label": _LABEL}
    conditions = list(_conditions(query, _CAMPAIGNS, campaign.c.created_at, campaign.c.id))
    conditions.append(campaign.c.deleted_at.is_(None))
    wanted = _page(select(campaign).where(*conditions), query, order, campaign.c.id)
    total = connection.scalar(select(func.count()).select_from(campaign).where(*conditions))
    return [campaign_in(row) for row in connection.execute(wanted).mappings()], int(total or 0)


def _conditions(
    query: ListQuery,
    fields: Mapping[str, Condition],
    created_at: Column[Any],
    campaign_id: Column[Any],
) -> Iterator[ColumnElement[bool]]:
    for name, value in query.search:
        yield fields[name](value)
    if query.since is not None:
        yield created_at >= query.since
    if query.until is not None:
        yield created_at < query.until
    if query.campaign is not None:
        yield campaign_id == query.campaign


def _page(
    wanted: Select[Any], query: ListQuery, order: Mapping[str, ColumnElement[Any]], key: Column[Any]
) -> Select[Any]:
    keys: Sequence[ColumnElement[Any]] = (key.desc(),)
    if query.order_by is not None:
        by = order[query.order_by]
        keys = (by.desc().nulls_last(), key.desc()) if query.descending else (by.asc(), key.asc())
    return wanted.order_by(*keys).limit(query.limit).offset(query.page * query.limit)

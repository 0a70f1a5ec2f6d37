"""Queries of a client for a list: search, order, page, and which fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from worker.domain.contract.outbound.generations import Generation
from worker.domain.errors import WrongFields
from worker.domain.wire import Wire

BatchProperty = Literal["batch_id", "campaign_id", "status", "expires_on", "last_updated_at"]
CampaignProperty = Literal[
    "id", "campaign_name", "campaign_variables", "daily_start_time", "daily_end_time", "source",
    "mode", "caller_id", "updated_at", "label", "labels", "voicemail_detection", "timezone",
]  # fmt: skip
LONGEST_PAGE = 1_000
FURTHEST_PAGE = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """A page of a list. `search`: field and what it must be; `since` and `until`: when it was created."""

    search: Sequence[tuple[str, object]] = ()
    order_by: str | None = None
    descending: bool = False
    since: datetime | None = None
    until: datetime | None = None
    page: int = 0
    limit: int = 25
    campaign: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and how much there is in all."""

    items: list[dict[str, Wire]]
    total: int


def show_page(found: Page, query: ListQuery, generation: Generation) -> Wire:
    """ListResponse, or the bare array that the first generation reads."""
    items: list[Wire] = list(found.items)
    if generation.bare_lists:
        return items
    return {
        "items": items,
        "page": query.page,
        "page_size": query.limit,
        "total_pages": -(-found.total // query.limit) if query.limit else None,
        "total_count": found.total,
    }


def narrow(
    item: Mapping[str, Wire], fields: Sequence[str] | None, required: frozenset[str]
) -> dict[str, Wire]:
    """The chosen fields of an item, and those without which no client can read it."""
    if not fields:
        return dict(item)
    return {name: value for name, value in item.items() if name in required or name in fields}


def pair_search(
    fields: Sequence[str] | None,
    values: Sequence[str] | None,
    read: Mapping[str, Callable[[str], object]],
) -> list[tuple[str, object]]:
    """Fields and values by their position, each read as its field's kind.

    Raises:
        WrongFields: one has no partner, or a value is none of its field's.
    """
    names, said = list(fields or ()), list(values or ())
    if len(names) != len(said):
        raise WrongFields(["search_field_values: must be as many as search_fields"])
    found = []
    for place, (name, value) in enumerate(zip(names, said, strict=True)):
        try:
            found.append((name, read[name](value) if name in read else value))
        except ValueError as error:
            raise WrongFields([f"search_field_values.{place}: {error}"]) from None
    return found


def whole_number(value: str) -> int:
    """A value as an id. Raises ValueError with a sentence."""
    if not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise ValueError("must be a whole number")
    return int(value)


def moment(value: str) -> datetime:
    """A value as a time, in UTC where it does not say. Raises ValueError with a sentence."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a time like 2025-08-13T00:00:00Z") from None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time like 2025-08-13T00:00:00Z") from None

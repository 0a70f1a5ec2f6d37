"""Queries for a list of batches."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.domain.contract.batches import BatchDetails
from worker.domain.statuses import BatchStatus
from worker.domain.wire import Wire

LARGEST_PAGE = 1_000
FINISHED = {"finished": True, "unfinished": False}
"""By the word of a list's filter, whether each request of a batch is final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQuery:
    """A query for batches, newest first; None asks for any.

    `campaign`: its name or id. `finished`: whether each request is final. `matching`: part of the
    batch_id, the uploaded file's name or the campaign's name, in any case. `since`: created then or
    later, or so long ago at most. `before`: the batch_id below which a list goes on.
    """

    campaign: str | None = None
    status: BatchStatus | None = None
    finished: bool | None = None
    matching: str | None = None
    since: datetime | timedelta | None = None
    before: str | None = None
    limit: int = 50

    @property
    def and_one_more(self) -> "BatchQuery":
        """The same with one more: whether there is one tells whether the list goes on."""
        return replace(self, limit=self.limit + 1)


@dataclass(frozen=True, slots=True)
class Listed:
    """A batch in a list."""

    details: BatchDetails
    campaign_name: str


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One page of a list, and whether there is more below it."""

    batches: tuple[Listed, ...]
    more: bool

    def to_wire(self) -> dict[str, Wire]:
        """The batches, and the `before` that a next page is asked with; null behind the last."""
        last = self.batches[-1].details.facts.batch_id if self.more else None
        return {"items": [one.details.to_wire() for one in self.batches], "next": last}

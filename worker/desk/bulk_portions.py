"""Whatever a deed is done to all of: how many match, and one portion of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from worker.desk import bulk_batches, bulk_doubts, bulk_letters, bulk_requests
from worker.domain.contract.bulk_deeds import Aim, BulkDeed, Over, Portion
from worker.store.connect import Connection


@dataclass(frozen=True, slots=True)
class BulkWay:
    """One of them: how those that match are counted, and how the next ones are done."""

    count: Callable[[Connection, Aim], int]
    do_portion: Callable[[Connection, BulkDeed], Portion]


WAYS: Mapping[Over, BulkWay] = {
    Over.REQUESTS: BulkWay(bulk_requests.count, bulk_requests.do_portion),
    Over.BATCHES: BulkWay(bulk_batches.count, bulk_batches.do_portion),
    Over.DOUBTS: BulkWay(bulk_doubts.count, bulk_doubts.do_portion),
    Over.LETTERS: BulkWay(bulk_letters.count, bulk_letters.do_portion),
}

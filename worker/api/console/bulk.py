"""A deed over all that match: counted, confirmed by typing their number, watched, stopped."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from starlette.responses import Response

from worker.api.console.batches import whole
from worker.api.console.pages import write
from worker.api.console.visits import Visit, go
from worker.desk.batches import show_batch
from worker.desk.bulk_deeds import show_bulk, start_bulk, stop_bulk
from worker.desk.bulk_portions import TOUCHES
from worker.domain.audit import Deed
from worker.domain.contract.batches import Count
from worker.domain.contract.bulk_deeds import BulkOrder
from worker.domain.errors import WrongFields
from worker.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Wanted:
    """The request of somebody: which deed, over whose requests, of which outcome; empty: of any."""

    deed: Deed
    batch_id: str
    outcome: str

    def counts(self, counts: tuple[Count, ...]) -> int:
        """Count those that match."""
        status, _ = TOUCHES[self.deed]
        return sum(
            one.n
            for one in counts
            if one.request_status is status
            and self.outcome in {"", one.channel_manager_status.value}
        )


def show_order(visit: Visit) -> Response:
    """Return how many match, and a place to type that number."""
    wanted = _wanted(visit.asked("deed"), visit.asked("batch"), visit.asked("outcome"))
    batch = show_batch(visit.runtime.engine, wanted.batch_id)
    return visit.page(
        "bulk_order.html",
        here="/batches",
        wanted=wanted,
        n=wanted.counts(batch.counts),
        once=uuid4(),
    )


def order(visit: Visit) -> Response:
    """Begin, once their number was typed; the same form sent twice is one deed."""
    wanted = _wanted(visit.given("deed"), visit.given("batch"), visit.given("outcome"))
    counted = whole(visit.given("counted"))
    if whole(visit.given("count")) != counted:
        raise WrongFields([f"count: {counted:,} match; type that number to go on"])
    number = start_bulk(
        visit.runtime.console_engine,
        BulkOrder(
            once=_once(visit.given("once")),
            deed=wanted.deed,
            batch_id=wanted.batch_id,
            chosen={"outcome": wanted.outcome},
            most=counted,
            why=visit.given("why") or None,
        ),
        by=visit.who.owner,
    )
    visit.ring()
    return go(f"/bulk/{number}")


def show_bulk_deed(visit: Visit) -> Response:
    """Show how far it is."""
    deed = show_bulk(visit.runtime.engine, int(visit.named("number")))
    return visit.page("bulk.html", here="/batches", deed=deed)


def live_bulk_deed(runtime: Runtime, number: int) -> str:
    """The part of the page that changes."""
    return write("bulk_parts.html", deed=show_bulk(runtime.engine, number))


def stop(visit: Visit) -> Response:
    """Do nothing more of it."""
    number = int(visit.named("number"))
    stop_bulk(visit.runtime.console_engine, number, by=visit.who.owner)
    return go(f"/bulk/{number}?said=stopped")


def _wanted(deed: str, batch_id: str, outcome: str) -> Wanted:
    known = {one.value: one for one in TOUCHES}
    if deed not in known or not batch_id:
        raise WrongFields(["deed: one of " + ", ".join(known) + ", and of which batch"])
    return Wanted(known[deed], batch_id, outcome)


def _once(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise WrongFields(["this form is not whole: load the page again"]) from None

"""A deed over all that match: counted, confirmed by typing their number, watched, stopped."""

from collections.abc import Callable
from uuid import UUID, uuid4

from starlette.responses import Response

from worker.api.console.batches import whole
from worker.api.console.bulk_words import HERE
from worker.api.console.pages import write
from worker.api.console.visits import Visit, go
from worker.desk.bulk_deeds import count_bulk, show_bulk, start_bulk, stop_bulk
from worker.domain.contract.bulk_deeds import FILTERS, OVER, Aim, BulkOrder, Over
from worker.domain.errors import WrongFields
from worker.runtime import Runtime


def show_order(visit: Visit) -> Response:
    """Return how many match, and a place to type that number."""
    aim = _aim(visit.asked)
    n = count_bulk(visit.runtime.engine, aim)
    return visit.page("bulk_order.html", here=HERE[OVER[aim.deed]], aim=aim, n=n, once=uuid4())


def order(visit: Visit) -> Response:
    """Begin, once their number was typed; the same form sent twice is one deed."""
    aim, counted = _aim(visit.given), whole(visit.given("counted"))
    if whole(visit.given("count")) != counted:
        raise WrongFields([f"count: {counted:,} match; type that number to go on"])
    once, why = _once(visit.given("once")), visit.given("why") or None
    wanted = BulkOrder(once=once, aim=aim, most=counted, why=why)
    number = start_bulk(visit.runtime.console_engine, wanted, by=visit.who.owner)
    visit.ring()
    return go(f"/bulk/{number}")


def show_bulk_deed(visit: Visit) -> Response:
    """Show how far it is."""
    deed = show_bulk(visit.runtime.engine, int(visit.named("number")))
    return visit.page("bulk.html", here=HERE[OVER[deed.deed]], deed=deed)


def live_bulk_deed(runtime: Runtime, number: int) -> str:
    """The part of the page that changes."""
    return write("bulk_parts.html", deed=show_bulk(runtime.engine, number))


def stop(visit: Visit) -> Response:
    """Do nothing more of it."""
    number = int(visit.named("number"))
    stop_bulk(visit.runtime.console_engine, number, by=visit.who.owner)
    return go(f"/bulk/{number}?said=stopped")


def _aim(told: Callable[[str], str]) -> Aim:
    known = {deed.value: deed for deed in OVER}
    if (deed := known.get(told("deed"))) is None:
        raise WrongFields(["deed: one of " + ", ".join(known)])
    of = OVER[deed]
    batch_id = told("batch") if of is Over.REQUESTS else None
    if batch_id == "":
        raise WrongFields(["batch: say whose requests"])
    return Aim(deed=deed, batch_id=batch_id, chosen={name: told(name) for name in FILTERS[of]})


def _once(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise WrongFields(["this form is not whole: load the page again"]) from None

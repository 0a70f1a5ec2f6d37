"""The console's books: what will happen in the next days, and who did what."""

from starlette.responses import Response

from worker.api.console.visits import Visit
from worker.desk.audit import list_audit
from worker.desk.days_ahead import look_ahead

SHOWN = 200


def show_plan(visit: Visit) -> Response:
    """The days ahead, and what will not fit."""
    here = visit.runtime
    zone = here.settings.display_zone
    ahead = look_ahead(here.engine, ceilings=here.ceilings, zone=zone)
    most = max((one.n for one in ahead.days), default=1)
    return visit.page("plan.html", here="/plan", ahead=ahead, most=most, zone=zone)


def show_audit(visit: Visit) -> Response:
    """The latest deeds, of one batch if asked."""
    batch = visit.asked("batch") or None
    found = list_audit(visit.runtime.engine, batch=batch, limit=SHOWN)
    return visit.page("audit.html", here="/audit", found=found, batch=batch or "")

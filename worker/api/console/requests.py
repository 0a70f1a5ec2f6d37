"""One request: its story, what holds it, and, once revealed, whom it is to and what they are told."""

from typing import Any

from starlette.responses import Response

from worker.api.console.visits import Visit, go
from worker.desk.additions import add_requests
from worker.desk.preview import preview
from worker.desk.request_actions import remove_requests
from worker.desk.request_view import named_request, view_request
from worker.desk.retries import retry_requests
from worker.desk.reveals import note_reveal
from worker.domain.contract.new_requests import NewRequest
from worker.domain.fields import validate

VARIABLE = "variable "
"""Before a variable's name, the name of its field in a form."""


def show_request(visit: Visit) -> Response:
    """Its story."""
    return visit.page("request.html", here="/batches", revealed=None, **_look(visit))


def reveal(visit: Visit) -> Response:
    """The same with its target and words, once it is written down who sees them."""
    engine, number = visit.runtime.console_engine, _number(visit)
    batch_id, reference = named_request(engine, number)
    note_reveal(engine, f"request {number}", by=visit.who.owner)
    revealed = preview(engine, batch_id, reference)
    return visit.page("request.html", here="/batches", revealed=revealed, **_look(visit))


def remove(visit: Visit) -> Response:
    """Take it back, where nothing has begun."""
    engine = visit.runtime.console_engine
    batch_id, reference = named_request(engine, _number(visit))
    closed = remove_requests(engine, batch_id, [reference], by=visit.who.owner)
    return go(f"/requests/{_number(visit)}?said={'removed' if closed else 'begun'}")


def retry(visit: Visit) -> Response:
    """One more attempt."""
    engine = visit.runtime.console_engine
    batch_id, reference = named_request(engine, _number(visit))
    retried = retry_requests(engine, batch_id, [reference], by=visit.who.owner)
    return go(f"/requests/{_number(visit)}?said={'retried' if retried.queued else 'passed'}")


def replace(visit: Visit) -> Response:
    """Put what was typed in the place of what the row says, while nobody was tried for it."""
    engine = visit.runtime.console_engine
    batch_id, reference = named_request(engine, _number(visit))
    fields = visit.form.items()
    variables = {
        name.removeprefix(VARIABLE): value.replace("\r\n", "\n")
        for name, value in fields
        if name.startswith(VARIABLE) and isinstance(value, str)
    }
    told = {
        "reference_id": reference,
        "target": visit.given("target"),
        "request_variables": variables,
    }
    by = visit.who.owner
    changed = add_requests(engine, batch_id, [validate(NewRequest, told)], by=by, replace=True)
    return go(f"/requests/{_number(visit)}?said={'replaced' if changed else 'same'}")


def _look(visit: Visit) -> dict[str, Any]:
    here = visit.runtime
    zone = here.settings.display_zone
    seen = view_request(here.engine, _number(visit), ceilings=here.ceilings, zone=zone)
    return {"seen": seen}


def _number(visit: Visit) -> int:
    return int(visit.named("request"))

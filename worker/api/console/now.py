"""The first page: what matters most, first."""

from starlette.responses import Response

from worker.api.console.visits import Visit
from worker.dispatch.halt import halts_in_force


def show_now(visit: Visit) -> Response:
    """Everything at a glance."""
    return visit.page("now.html", here="/", halts=halts_in_force(visit.runtime.engine))

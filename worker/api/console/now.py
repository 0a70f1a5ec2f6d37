"""The first page: what matters most, first; and the two levers over everything."""

from typing import Any

from starlette.responses import Response

from worker.api.console.pages import write
from worker.api.console.visits import Visit, go
from worker.desk.now import look_around
from worker.dispatch.halt import Scope, halt, halts_in_force, resume
from worker.domain.errors import WrongFields
from worker.domain.statuses import Channel
from worker.runtime import Runtime

SCOPES: dict[str, Scope] = {"all": "all", "channel": "channel", "campaign": "campaign"}


WHERE = {
    "scan": "#duties",
    "process": "#processes",
    "duty": "#duties",
    "halt": "#levers",
    "doubt": "/doubts",
    "late": "/batches?standing=unfinished",
}


def show_now(visit: Visit) -> Response:
    """Everything at a glance."""
    return visit.page("now.html", here="/", channels=list(Channel), **_look(visit.runtime))


def live_now(runtime: Runtime) -> str:
    """The part of the page that changes."""
    return write("now_parts.html", **_look(runtime))


def _look(runtime: Runtime) -> dict[str, Any]:
    zone = runtime.settings.display_zone
    seen = look_around(runtime.engine, runtime.minutes, ceilings=runtime.ceilings, zone=zone)
    rates = {one: _rate(runtime.rates[one]) for one in Channel}
    return {"seen": seen, "rates": rates, "where": WHERE}


def _rate(per_second: float) -> str:
    return f"at most {per_second:g} a second" if per_second else "as fast as permitted"


def stop(visit: Visit) -> Response:
    """Halt everything, a channel or a campaign."""
    scope, key, why = _scope(visit), visit.given("key"), visit.given("why")
    if not why:
        raise WrongFields(["say why: whoever resumes it reads that"])
    halt(visit.runtime.console_engine, scope, key, why, visit.who.owner)
    return go("/?said=halted")


def lift(visit: Visit) -> Response:
    """Let it send again: whatever of all that is halted the form names."""
    engine, named = visit.runtime.console_engine, (visit.given("scope"), visit.given("key"))
    found = next((one for one in halts_in_force(engine) if (one.scope, one.key) == named), None)
    if found is None:
        raise WrongFields(["it is not halted, or no longer"])
    resume(engine, found.scope, found.key, visit.who.owner)
    return go("/?said=lifted")


def _scope(visit: Visit) -> Scope:
    scope, key = SCOPES.get(visit.given("scope")), visit.given("key")
    known = {"all": key == "", "channel": key in set(Channel), "campaign": key.isdecimal()}
    if scope is None or not known[scope]:
        raise WrongFields(["scope: all, a channel, or a campaign"])
    return scope

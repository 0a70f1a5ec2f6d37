"""Find a person as they are typed, see everything that was done to them, suppress and lift."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from worker.api.console.visits import Visit, go
from worker.desk.find import find as find_anything
from worker.desk.people import show_person, suppress_person
from worker.desk.reveals import note_reveal
from worker.desk.suppression_lifts import Suppression, lift_suppression, list_suppressed
from worker.desk.suppressions import suppress_recipient
from worker.domain.errors import WrongFields
from worker.domain.statuses import Channel, SuppressReason

LISTED = 100


def show_people(visit: Visit) -> Response:
    """A place to type, and who is suppressed."""
    acts = _told(list_suppressed(visit.runtime.engine, None, limit=LISTED))
    return visit.page("people.html", here="/people", acts=acts, found=None, channels=list(Channel))


def find(visit: Visit) -> Response:
    """Return what is called so: a batch, requests, somebody. By POST, for an address is kept in histories."""
    found = find_anything(visit.runtime.engine, visit.given("who"))
    if found.batch_id is not None and not found.named:
        return go(f"/batches/{quote(found.batch_id)}")
    if len(found.named) == 1 and found.batch_id is None and not found.people:
        return go(f"/requests/{found.named[0].request}")
    if not found.named and len({one.identity for one in found.people}) == 1:
        return go(f"/people/{found.people[0].id}")
    return visit.page("people.html", here="/people", acts=[], found=found, channels=list(Channel))


def show_one(visit: Visit) -> Response:
    """Everything that was done to somebody."""
    return _person(visit, is_revealed=False)


def reveal(visit: Visit) -> Response:
    """The same with their address, once it is written down who sees it."""
    note_reveal(visit.runtime.console_engine, f"person {_number(visit)}", by=visit.who.owner)
    return _person(visit, is_revealed=True)


def suppress(visit: Visit) -> Response:
    """Let nobody contact them any more."""
    engine = visit.runtime.console_engine
    suppress_person(engine, _number(visit), SuppressReason.UNSUBSCRIBED, by=visit.who.owner)
    return go(f"/people/{_number(visit)}?said=suppressed")


def suppress_typed(visit: Visit) -> Response:
    """The same for somebody who is typed, known or not."""
    channel = visit.given("channel")
    if channel not in set(Channel):
        raise WrongFields(["channel: say on which"])
    suppress_recipient(
        visit.runtime.console_engine,
        Channel(channel),
        visit.given("target"),
        reason=SuppressReason.UNSUBSCRIBED,
        by=visit.who.owner,
    )
    return go("/people?said=suppressed")


def lift(visit: Visit) -> Response:
    """Lift one act, with a reason, and no other."""
    why = visit.given("why")
    if not why:
        raise WrongFields(["say why: the person may ask"])
    row = int(visit.named("row"))
    lift_suppression(visit.runtime.console_engine, row, by=visit.who.owner, why=why)
    return go("/people?said=act-lifted")


def _person(visit: Visit, *, is_revealed: bool) -> Response:
    person = show_person(visit.runtime.engine, _number(visit))
    shown: dict[str, Any] = {"person": person, "acts": _told(person.acts), "open": is_revealed}
    return visit.page("person.html", here="/people", at=_number(visit), **shown)


def _told(acts: Iterable[Suppression]) -> list[tuple[Suppression, str]]:
    """Each act with the channels that it counts on."""
    return [(one, ", ".join(one.channels)) for one in acts]


def _number(visit: Visit) -> int:
    return int(visit.named("recipient"))

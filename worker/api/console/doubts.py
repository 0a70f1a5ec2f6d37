"""Attempts in doubt, with the two decisions; and dead letters, repaired, sent in again or let go."""

from typing import Any

from starlette.responses import Response

from worker.api.console.visits import Visit, go
from worker.desk.bulk_deeds import count_bulk, list_bulk
from worker.desk.dead_letters import (
    REPLAYABLE,
    count_dead_letters,
    discard,
    list_dead_letters,
    replay,
    show_dead_letter,
)
from worker.desk.decide import allow_retry, count_as_sent
from worker.desk.doubts import doubts_open
from worker.desk.reveals import note_reveal
from worker.domain.audit import Deed
from worker.domain.contract.bulk_deeds import Aim, Over
from worker.domain.statuses import Channel


def show_doubts(visit: Visit) -> Response:
    """Return which outcomes are unknown, since when, and what happens next; the oldest first."""
    here, batch, channel = visit.runtime, visit.asked("batch"), visit.asked("channel")
    found = doubts_open(here.engine, here.timeouts, batch=batch, channel=channel)
    decidable = Aim(deed=Deed.COUNT_AS_SENT, chosen={"batch": batch, "channel": channel})
    shown: dict[str, Any] = {
        "found": [(one, one.doubt.channel.value) for one in found],
        "n": count_bulk(here.engine, decidable),
        "asked": decidable.chosen,
        "channels": list(Channel),
        "letters": list_dead_letters(here.engine, kind=visit.asked("kind")),
        "kinds": count_dead_letters(here.engine),
        "replayable": REPLAYABLE,
        "of_kind": visit.asked("kind"),
        "bulk_deeds": [
            *list_bulk(here.engine, Over.DOUBTS),
            *list_bulk(here.engine, Over.LETTERS),
        ],
    }
    return visit.page("doubts.html", here="/doubts", **shown)


def count_sent(visit: Visit) -> Response:
    """Take it that the person was reached."""
    attempt = int(visit.named("attempt"))
    count_as_sent(visit.runtime.console_engine, attempt, by=visit.who.owner)
    return go("/doubts?said=counted")


def try_again(visit: Visit) -> Response:
    """Accept that the person may be contacted twice."""
    attempt = int(visit.named("attempt"))
    allow_retry(visit.runtime.console_engine, attempt, by=visit.who.owner)
    return go("/doubts?said=allowed")


def show_letter(visit: Visit) -> Response:
    """One dead letter, without its payload."""
    letter = show_dead_letter(visit.runtime.engine, _letter(visit))
    return visit.page(
        "letter.html", here="/doubts", letter=letter, open=False, replayable=REPLAYABLE
    )


def reveal_letter(visit: Visit) -> Response:
    """The same with its payload, once it is written down who sees it."""
    letter = show_dead_letter(visit.runtime.engine, _letter(visit))
    note_reveal(visit.runtime.console_engine, f"dead letter {letter.id}", by=visit.who.owner)
    return visit.page(
        "letter.html", here="/doubts", letter=letter, open=True, replayable=REPLAYABLE
    )


def replay_letter(visit: Visit) -> Response:
    """Take it in again, repaired if a payload is given."""
    replay(
        visit.runtime.console_engine,
        _letter(visit),
        name=visit.given("name") or None,
        payload=visit.given("payload") or None,
        by=visit.who.owner,
    )
    return go("/doubts?said=replayed")


def discard_letter(visit: Visit) -> Response:
    """Let it go."""
    discard(visit.runtime.console_engine, _letter(visit), by=visit.who.owner)
    return go("/doubts?said=discarded")


def _letter(visit: Visit) -> int:
    return int(visit.named("letter"))

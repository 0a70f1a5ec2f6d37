"""Hear who says stop where no attempt is left to judge it by: opt-outs live longer than what they answer.

In transactions of their own, for they lock recipients, and whoever judges reports locks theirs first.
"""

from collections.abc import Sequence

import structlog

from worker.domain.reports import Report
from worker.store import inbox, opt_outs, suppressions
from worker.store.connect import Connection, Engine, StoreUnavailable, in_transaction
from worker.store.inbox import Letter
from worker.store.opt_outs import Contacted

log = structlog.get_logger()


def hear_reported(engine: Engine, stops: Sequence[Report]) -> int:
    """Hear those of these reports that were stored and could not be applied; returns how many.

    One that can't be heard costs the others nothing, and is tried again with what waits.

    Raises:
        StoreUnavailable: not all of them were heard.
    """
    if not stops:
        return 0
    try:
        return in_transaction(engine, lambda c: _hear(c, inbox.unapplied(c, stops)))
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  it is found by trying one by one
        log.error("hearing_failed", reports=len(stops), error=type(error).__name__)
    return sum(hear_reported(engine, [one]) for one in stops) if len(stops) > 1 else 0


def hear_letters(engine: Engine, letters: Sequence[int]) -> int:
    """Hear those of these waiting letters that say stop and fit no attempt; returns how many."""
    return in_transaction(engine, lambda c: _hear(c, letters)) if letters else 0


def _hear(connection: Connection, ids: Sequence[int]) -> int:
    stops = [
        one for one in inbox.read(connection, ids) if one.report.suppress and one.attempt is None
    ]
    people = opt_outs.people_of(connection, [one.report for one in stops])
    heard = [one for one in stops if one.report.key in people]
    for letter in heard:
        _suppress(connection, letter, people[letter.report.key])
    inbox.mark_applied(connection, heard)
    return len(heard)


def _suppress(connection: Connection, letter: Letter, who: Contacted) -> None:
    """By an act that was heard before its attempt was archived, nobody is suppressed again."""
    report = letter.report
    if report.suppress and report.act and opt_outs.is_new_act(connection, report.key):
        suppressions.suppress(connection, who.mode, who.identity, report.suppress, report.act)

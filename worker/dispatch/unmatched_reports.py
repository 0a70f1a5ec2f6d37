"""Hear who says stop where no attempt is found to judge it by: opt-outs live longer than what they answer.

In transactions of their own, for they lock recipients, and whoever judges reports locks theirs first.
"""

from collections import Counter
from collections.abc import Sequence

import structlog

from worker.domain.evidence.reports import Report
from worker.store import inbox, opt_out_tokens, suppressions, tallies, unmatched_reports
from worker.store.connect import Connection, Engine, StoreUnavailable, in_transaction
from worker.store.unmatched_reports import Named

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
        return in_transaction(engine, lambda c: _hear(c, inbox.find_unapplied(c, stops)))
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  it is found by trying one by one
        log.error("hearing_failed", reports=len(stops), error=type(error).__name__)
    return sum(hear_reported(engine, [one]) for one in stops) if len(stops) > 1 else 0


def hear_letters(engine: Engine, letters: Sequence[int]) -> int:
    """Hear those of these waiting letters that say stop and fit no attempt; returns how many."""
    return in_transaction(engine, _hear, letters) if letters else 0


def _hear(connection: Connection, ids: Sequence[int]) -> int:
    stops = [
        one for one in inbox.read(connection, ids) if one.report.suppress and one.attempt is None
    ]
    told = {one.report.key: one for one in stops}
    people = unmatched_reports.people_of(connection, [one.report for one in stops])
    for key, identity in people.items():
        _suppress(connection, told[key].report, identity)
    inbox.mark_applied(connection, [told[key] for key in people])
    return len(people)


def _suppress(connection: Connection, report: Report, identity: str) -> None:
    """By an act that was heard before its attempt was archived, nobody is suppressed again."""
    if report.suppress and report.act and opt_out_tokens.is_new_act(connection, report.key):
        suppressions.suppress(connection, report.mode, identity, report.suppress, report.act)


def recognize_strays(engine: Engine, reports: Sequence[Report]) -> Sequence[Report]:
    """Pass over what came without our token and names neither a mail of ours nor a person we mailed.

    All that came so is counted, by what it names. Returns the other reports.
    """
    stray = [one for one in reports if one.is_stray]
    if not stray:
        return reports

    def step(connection: Connection) -> dict[str, Named]:
        found = unmatched_reports.find_named(connection, stray)
        counted = Counter(f"stray:{found[one.key]}" for one in stray)
        tallies.add(connection, counted)
        return found

    found = in_transaction(engine, step)
    return [one for one in reports if not one.is_stray or found[one.key] is not Named.NOBODY]

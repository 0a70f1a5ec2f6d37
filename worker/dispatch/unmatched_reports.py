"""Hear who says stop where no attempt is found to judge it by: opt-outs live longer than what they answer.

In transactions of their own, for they lock recipients, and whoever judges reports locks theirs first.
"""

from collections import Counter
from collections.abc import Sequence

import structlog

from worker.dispatch.double_contact import warn_of_archived_contact
from worker.domain.evidence.reports import Report
from worker.store import inbox, opt_out_tokens, suppressions, tallies, unmatched_reports
from worker.store.connect import Connection, Engine, StoreUnavailable, in_transaction
from worker.store.inbox import StoredReport
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
    for key, person in people.items():
        _suppress(connection, told[key].report, person.identity)
    # One whose mail is on its way is heard now, and judged once the provider's id of that mail is known.
    heard = [told[key] for key, person in people.items() if not person.awaited]
    inbox.mark_applied(connection, heard)
    return len(heard)


def pass_over_spent(connection: Connection, letters: Sequence[StoredReport]) -> tuple[int, int]:
    """Count and drop what is said of archived attempts and of nobody; who says stop there is heard elsewhere.

    Returns:
        how many, and how many of them spoke of another contact than the one that was archived.
    """
    plain = [one for one in letters if not one.report.suppress]
    spent = unmatched_reports.find_spent(connection, [one.report for one in plain]) if plain else {}
    passed_over = [one for one in plain if one.report.key in spent]
    if not passed_over:
        return 0, 0
    inbox.mark_applied(connection, passed_over)
    archived = [one.report for one in passed_over if spent[one.report.key].archived]
    if archived:
        tallies.add(connection, {"archived_report": len(archived)})
    log.info("reports_passed_over", archived=len(archived), others=len(passed_over) - len(archived))
    return len(passed_over), sum(
        warn_of_archived_contact(one.channel, spent[one.key].sid, one.sid) for one in archived
    )


def _suppress(connection: Connection, report: Report, identity: str) -> None:
    """By an act that was heard before its attempt was archived, nobody is suppressed again."""
    if report.suppress and report.act and opt_out_tokens.is_new_act(connection, report.key):
        suppressions.suppress(connection, report.channel, identity, report.suppress, report.act)


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

"""Apply what the providers report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from json import dumps
from uuid import UUID

import structlog

from worker.dispatch.halt import halt_barred
from worker.dispatch.suspect import suspect_double, suspect_late
from worker.domain.reports import Report
from worker.domain.statuses import Cause
from worker.domain.verdicts import Patience, judge_report
from worker.store import attempts, dead_letters, inbox, opt_outs, suppressions
from worker.store.connect import Connection, Engine, StoreUnavailable, in_transaction
from worker.store.inbox import Letter
from worker.store.opt_outs import Contacted

log = structlog.get_logger()

# A report may be here before the answer that binds its sid is recorded; after a day it never will be.
FIRST_RETRY = timedelta(seconds=1)
LETTER_PATIENCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Settled:
    """How many reports were new, how many of those fit no attempt yet, or speak of another contact."""

    new: int
    waiting: int
    doubled: int = 0


def settle(engine: Engine, patience: Patience, reports: Sequence[Report]) -> Settled:
    """Take in reports; when this returns they are durable.

    1. Store each once, with the attempt of our token or the provider's sid; a repetition ends here.
    2. Lock, judge, write: one report of an attempt after the other.
    3. What fits nothing yet stays, and is tried again.

    One that can't be judged or stored costs the others nothing: it is found by halving, and kept.

    Raises:
        StoreUnavailable: not all of them are durable.
    """
    try:
        return _settle_together(engine, patience, reports)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  one that can't be judged must not lose the others
        log.error("settling_failed", reports=len(reports), error=type(error).__name__)
    if len(reports) == 1:
        return _keep(engine, reports[0])
    half = len(reports) // 2
    first, last = (settle(engine, patience, part) for part in (reports[:half], reports[half:]))
    return Settled(first.new + last.new, first.waiting + last.waiting, first.doubled + last.doubled)


def _settle_together(engine: Engine, patience: Patience, reports: Sequence[Report]) -> Settled:
    def step(connection: Connection) -> Settled:
        letters = inbox.store(connection, reports, applied=True)
        return _apply(connection, patience, letters)

    halt_barred(engine, reports)
    reports = _hear_of_archived(engine, reports)
    return in_transaction(engine, step)


def _keep(engine: Engine, report: Report) -> Settled:
    """Keep what can't be judged, to be tried again; whole as a dead letter what can't be stored either."""

    def step(connection: Connection) -> Settled:
        letters = inbox.store(connection, [report], applied=False)
        return Settled(len(letters), len(letters))

    try:
        return in_transaction(engine, step)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  as above
        log.error("report_unstorable", error=type(error).__name__)
        in_transaction(engine, lambda c: _bury(c, report))
        return Settled(1, 0)


def _bury(connection: Connection, report: Report) -> None:
    dead_letters.bury(
        connection,
        kind=dead_letters.CALLBACK,
        reason="it can't be stored as a report",
        payload=dumps(asdict(report), default=str),
        task=None,
        message_id=None,
    )


def _hear_of_archived(engine: Engine, reports: Sequence[Report]) -> Sequence[Report]:
    """Hear who says stop through an attempt that was archived; returns the other reports.

    In a transaction of its own, for it locks recipients, and the others' may lock theirs first.
    """
    tokens = [one.token for one in reports if one.suppress and one.token]
    if not tokens:
        return reports

    def step(connection: Connection) -> set[UUID]:
        people = opt_outs.contacted(connection, tokens)
        archived = {token: who for token, who in people.items() if who.archived}
        speaking = [one for one in reports if one.suppress and one.token in archived]
        for letter in inbox.store_heard(connection, speaking):
            _suppress(connection, letter.report, archived)
        return set(archived)

    archived = in_transaction(engine, step)
    return [one for one in reports if not (one.suppress and one.token in archived)]


def _suppress(connection: Connection, report: Report, people: Mapping[UUID, Contacted]) -> None:
    assert report.token is not None
    assert report.suppress is not None
    who = people[report.token]
    suppressions.suppress(connection, who.mode, who.identity, report.suppress, report.name)


def settle_waiting(engine: Engine, patience: Patience, limit: int = 200) -> Settled:
    """Try again the letters that fitted nothing, or could not be judged, when they came."""
    due = in_transaction(engine, lambda c: inbox.waiting(c, limit))
    try:
        return _settle_stored(engine, patience, due)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  it is found by trying one by one
        log.error("settling_failed", reports=len(due), error=type(error).__name__)
        alone = [_settle_alone(engine, patience, letter) for letter in due]
        return Settled(len(alone), sum(one.waiting for one in alone))


def _settle_stored(engine: Engine, patience: Patience, ids: Sequence[int]) -> Settled:
    def step(connection: Connection) -> Settled:
        letters = inbox.read(connection, ids)
        settled = _apply(connection, patience, letters)
        if fitting := [letter for letter in letters if letter.attempt is not None]:
            inbox.mark_applied(connection, fitting)
        return settled

    return in_transaction(engine, step)


def _settle_alone(engine: Engine, patience: Patience, letter: int) -> Settled:
    try:
        return _settle_stored(engine, patience, [letter])
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  kept, and buried with the others when its time is over
        log.error("report_unjudgeable", letter=letter, error=type(error).__name__)
        in_transaction(engine, lambda c: _postpone(c, [letter], reason="it can't be judged"))
        return Settled(1, 1)


def _apply(connection: Connection, patience: Patience, letters: Sequence[Letter]) -> Settled:
    fitting = [letter for letter in letters if letter.attempt is not None]
    suppresses = any(letter.report.suppress for letter in fitting)
    remaining, doubled = fitting, 0
    while remaining:
        remaining, suspects = _apply_one_each(connection, patience, remaining, suppresses)
        doubled += suspects
    strangers = [letter.id for letter in letters if letter.attempt is None]
    if strangers:
        lost = _postpone(connection, strangers)
        log.warning("reports_fit_nothing", waiting=len(strangers) - lost, given_up=lost)
    return Settled(len(letters), len(strangers), doubled)


def _postpone(
    connection: Connection,
    letters: Sequence[int],
    reason: str = "no attempt has its token or sid",
) -> int:
    """Try them later; returns how many are too old for that."""
    return inbox.try_later(
        connection, letters, first=FIRST_RETRY, patience=LETTER_PATIENCE, reason=reason
    )


def _apply_one_each(
    connection: Connection, patience: Patience, letters: Sequence[Letter], suppresses: bool
) -> tuple[list[Letter], int]:
    """Apply the first letter of every attempt; the facts change, so its next one waits a round.

    Returns:
        those that wait, and how many spoke of another contact than the one we know.
    """
    first: dict[int, Report] = {}
    later: list[Letter] = []
    for letter in letters:
        assert letter.attempt is not None
        if letter.attempt in first:
            later.append(letter)
        else:
            first[letter.attempt] = letter.report
    facts = attempts.lock(connection, first, with_recipients=suppresses)
    suspects = sum(suspect_double(facts[a], report.sid) for a, report in first.items())
    changes = [
        judge_report(facts[a], report, patience, Cause.CALLBACK) for a, report in first.items()
    ]
    found = [change for change in changes if change]
    attempts.write(connection, found)
    suspects += sum(suspect_late(change) for change in found)
    return later, suspects

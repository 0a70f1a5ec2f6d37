"""Apply what the providers report."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from json import dumps
from time import time

import structlog

from worker.dispatch.data_loss import prove_by_reports
from worker.dispatch.destinations import tell_reported
from worker.dispatch.double_contact import warn_of_double_contact, warn_of_late_evidence
from worker.dispatch.halt import halt_barred
from worker.dispatch.source_rest import note_rejections
from worker.dispatch.unknown_codes import note_reports
from worker.dispatch.unmatched_reports import (
    hear_letters,
    hear_reported,
    pass_over_spent,
    recognize_strays,
)
from worker.domain.evidence import Timeouts, judge_report
from worker.domain.evidence.attempts import Change
from worker.domain.evidence.reports import Report
from worker.domain.statuses import Cause
from worker.measures import CALLBACK_LAG, MEASURED
from worker.store import attempts, dead_letters, inbox, tallies
from worker.store.connect import Connection, Engine, StoreRefused, StoreUnavailable, in_transaction
from worker.store.inbox import StoredReport

log = structlog.get_logger()

# A report may be here before the answer that binds its sid is recorded; after a day it never will be.
FIRST_RETRY = timedelta(seconds=1)
LETTER_PATIENCE = timedelta(days=1)
NONE = timedelta(0)
UNJUDGED = "it can't be judged"
REFUSED = "the database refuses what it makes of its attempt or its request"


@dataclass(frozen=True, slots=True)
class Applied:
    """Counts of new reports, and of those: still fit no attempt, speak of another contact, too old."""

    new: int
    waiting: int
    doubled: int = 0
    given_up: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        """Both together."""
        return Applied(
            self.new + other.new,
            self.waiting + other.waiting,
            self.doubled + other.doubled,
            self.given_up + other.given_up,
        )


def _tell(applied: Applied) -> None:
    if applied.waiting or applied.given_up:
        log.warning("reports_fit_nothing", waiting=applied.waiting, given_up=applied.given_up)


def apply_reports(
    engine: Engine,
    timeouts: Timeouts,
    reports: Sequence[Report],
    mark_keys: Sequence[bytes] = (),
) -> Applied:
    """Take in reports; when this returns they are durable.

    1. Pass over what is of another sender's mail.
    2. Store each once, with the attempt of our token or the provider's sid; a repetition ends here.
    3. Lock, judge, write: one report of an attempt after the other.
    4. Who says stop is heard, whether or not an attempt is left that it is said of.
    5. What fits nothing and was marked with one of our keys may prove that the database has forgotten.
    6. What else fits nothing yet stays, and is tried again.

    One that can't be judged or stored costs the others nothing: it is found by halving, and kept: to be tried
    again, or at once as a dead letter where the database refuses what it changes.

    Raises:
        StoreUnavailable: not all of them are durable.
    """
    ours = recognize_strays(engine, reports)
    taken = _take_in(engine, timeouts, ours)
    tell_reported(engine, ours)
    note_rejections(engine, timeouts.source_rejections, ours)
    heard = hear_reported(engine, [one for one in ours if one.suppress])
    # A repetition may be heard that is not new: whoever took it in first stopped in between.
    all_fit = taken.new == len(ours) and not taken.waiting
    lost = 0 if all_fit else prove_by_reports(engine, mark_keys, ours)
    applied = replace(
        taken,
        waiting=max(taken.waiting - heard - lost, 0),
        given_up=taken.given_up + lost,
    )
    _tell(applied)
    if MEASURED.on:
        _measure(reports)
    return applied


def _measure(reports: Sequence[Report]) -> None:
    """By this host's clock: the provider's moment is no nearer to the database's."""
    now = time()
    for one in reports:
        if one.at is not None:
            MEASURED.note(CALLBACK_LAG, (one.channel.value,), now - one.at.timestamp())


def _take_in(engine: Engine, timeouts: Timeouts, reports: Sequence[Report]) -> Applied:
    try:
        return _apply_together(engine, timeouts, reports)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  one that can't be judged must not lose the others
        log.error("settling_failed", reports=len(reports), error=type(error).__name__)
        lasting = _lasting(error)
    if len(reports) == 1:
        return _keep(engine, reports[0], patience=lasting)
    half = len(reports) // 2
    first, last = (_take_in(engine, timeouts, part) for part in (reports[:half], reports[half:]))
    return first + last


def _lasting(error: Exception) -> timedelta:
    """For how long what met this error is tried again: not at all where a rule of the database forbids it."""
    return NONE if isinstance(error, StoreRefused) and error.breaks_a_rule else LETTER_PATIENCE


class _Vanished(Exception):
    """An attempt was archived between finding it for a letter and locking it."""


def _until_none_vanishes(engine: Engine, step: Callable[[Connection], Applied]) -> Applied:
    """Judge letters in a transaction; again where one loses its attempt, which it then finds no more."""
    while True:
        try:
            return in_transaction(engine, step)
        except _Vanished:
            continue


def _apply_together(engine: Engine, timeouts: Timeouts, reports: Sequence[Report]) -> Applied:
    def step(connection: Connection) -> Applied:
        letters = inbox.store(connection, reports, applied=True)
        return _apply(connection, timeouts, letters)

    halt_barred(engine, reports)
    note_reports(engine, timeouts.unknown_run, reports)
    return _until_none_vanishes(engine, step)


def _keep(engine: Engine, report: Report, *, patience: timedelta) -> Applied:
    """Keep what can't be judged, to be tried again; whole as a dead letter what can't be stored either."""

    def step(connection: Connection) -> Applied:
        letters = [one.id for one in inbox.store(connection, [report], applied=False)]
        lost = 0 if patience else _postpone(connection, letters, REFUSED, patience)
        return Applied(len(letters), len(letters) - lost, given_up=lost)

    try:
        return in_transaction(engine, step)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  as above
        log.error("report_unstorable", error=type(error).__name__)
        in_transaction(engine, _bury, report)
        return Applied(1, 0)


def _bury(connection: Connection, report: Report) -> None:
    dead_letters.bury(
        connection,
        kind=dead_letters.CALLBACK,
        reason="it can't be stored as a report",
        payload=dumps(asdict(report), default=str),
        task=None,
        message_id=None,
    )


def apply_waiting(engine: Engine, timeouts: Timeouts, limit: int = 200) -> Applied:
    """Try again the letters that fitted nothing, or could not be judged, when they came."""
    due = in_transaction(engine, inbox.waiting, limit)
    try:
        applied = _apply_stored(engine, timeouts, due)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  it is found by trying one by one
        log.error("settling_failed", reports=len(due), error=type(error).__name__)
        applied = sum((_apply_alone(engine, timeouts, one) for one in due), Applied(0, 0))
    _tell(applied)
    return applied


def _apply_stored(engine: Engine, timeouts: Timeouts, ids: Sequence[int]) -> Applied:
    def step(connection: Connection) -> Applied:
        letters = inbox.read(connection, ids)
        applied = _apply(connection, timeouts, letters)
        if fitting := [letter for letter in letters if letter.attempt is not None]:
            inbox.mark_applied(connection, fitting)
        return applied

    heard = hear_letters(engine, ids)
    return Applied(heard, 0) + _until_none_vanishes(engine, step)


def _apply_alone(engine: Engine, timeouts: Timeouts, letter: int) -> Applied:
    try:
        return _apply_stored(engine, timeouts, [letter])
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  kept, and buried when its time is over
        log.error("report_unjudgeable", letter=letter, error=type(error).__name__)
        lasting = _lasting(error)
        why = UNJUDGED if lasting else REFUSED
        lost = in_transaction(engine, _postpone, [letter], why, lasting)
        return Applied(1, 1 - lost, given_up=lost)


def _apply(connection: Connection, timeouts: Timeouts, letters: Sequence[StoredReport]) -> Applied:
    fitting = [letter for letter in letters if letter.attempt is not None]
    suppresses = any(letter.report.suppress for letter in fitting)
    remaining, doubled = fitting, 0
    while remaining:
        remaining, suspects = _apply_one_each(connection, timeouts, remaining, suppresses)
        doubled += suspects
    unmatched = [letter for letter in letters if letter.attempt is None]
    passed_over, others = pass_over_spent(connection, unmatched)
    if doubled + others:
        tallies.add(connection, {"double_contact": doubled + others})
    lost = _postpone(connection, [one.id for one in unmatched]) if unmatched else 0
    waiting = len(unmatched) - passed_over - lost
    return Applied(len(letters), waiting, doubled + others, lost)


def _postpone(
    connection: Connection,
    letters: Sequence[int],
    reason: str = "no attempt has its token or sid",
    patience: timedelta = LETTER_PATIENCE,
) -> int:
    """Try them later; returns how many are too old for that."""
    return inbox.try_later(connection, letters, first=FIRST_RETRY, patience=patience, reason=reason)


def _apply_one_each(
    connection: Connection, timeouts: Timeouts, letters: Sequence[StoredReport], suppresses: bool
) -> tuple[list[StoredReport], int]:
    """Apply to every attempt its first letter that changes it; what comes after that waits a round.

    A letter that changes nothing costs no round: an attempt changes a handful of times at most, however
    often it is spoken of.

    Returns:
        those that wait, and how many spoke of another contact than the one we know.
    """
    facts = attempts.lock(connection, map(_attempt_of, letters), with_recipients=suppresses)
    if not facts.keys() >= set(map(_attempt_of, letters)):
        raise _Vanished
    changes: dict[int, Change] = {}
    later: list[StoredReport] = []
    suspects = 0
    for letter in letters:
        attempt = _attempt_of(letter)
        if attempt in changes:
            later.append(letter)
            continue
        suspects += warn_of_double_contact(facts[attempt], letter.report.sid)
        if change := judge_report(facts[attempt], letter.report, timeouts, Cause.CALLBACK):
            changes[attempt] = change
    attempts.write(connection, list(changes.values()))
    suspects += sum(warn_of_late_evidence(change) for change in changes.values())
    return later, suspects


def _attempt_of(letter: StoredReport) -> int:
    assert letter.attempt is not None
    return letter.attempt

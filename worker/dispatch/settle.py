"""Apply what the providers report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from worker.domain.reports import Report
from worker.domain.statuses import Cause
from worker.domain.verdicts import Patience, judge_report
from worker.store import attempts, inbox
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.inbox import Letter

log = structlog.get_logger()

# A report may be here before the answer that binds its sid is recorded; after a day it never will be.
FIRST_RETRY = timedelta(seconds=1)
LETTER_PATIENCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Settled:
    """How many reports were new, and how many of those fit no attempt yet."""

    new: int
    waiting: int


def settle(engine: Engine, patience: Patience, reports: Sequence[Report]) -> Settled:
    """Take in reports; when this returns they are durable.

    1. Store each once; a repetition ends here.
    2. Find the attempt by our token, else by the provider's sid.
    3. Lock, judge, write: one report of an attempt after the other.
    4. What fits nothing yet stays, and is tried again.
    """

    def step(connection: Connection) -> Settled:
        new = inbox.store(connection, reports)
        return _apply(connection, patience, inbox.read(connection, new))

    return in_transaction(engine, step)


def settle_waiting(engine: Engine, patience: Patience, limit: int = 200) -> Settled:
    """Try again the letters that fitted nothing when they came."""

    def step(connection: Connection) -> Settled:
        due = inbox.waiting(connection, limit)
        return _apply(connection, patience, inbox.read(connection, due))

    return in_transaction(engine, step)


def _apply(connection: Connection, patience: Patience, letters: Sequence[Letter]) -> Settled:
    fitting = [letter for letter in letters if letter.attempt is not None]
    suppresses = any(letter.report.suppress for letter in fitting)
    remaining = fitting
    while remaining:
        remaining = _apply_one_each(connection, patience, remaining, suppresses)
    if fitting:
        inbox.mark_applied(connection, fitting)
    strangers = [letter.id for letter in letters if letter.attempt is None]
    if strangers:
        lost = inbox.try_later(connection, strangers, first=FIRST_RETRY, patience=LETTER_PATIENCE)
        log.warning("reports_fit_nothing", waiting=len(strangers) - lost, given_up=lost)
    return Settled(len(letters), len(strangers))


def _apply_one_each(
    connection: Connection, patience: Patience, letters: Sequence[Letter], suppresses: bool
) -> list[Letter]:
    """Apply the first letter of every attempt; the facts change, so its next one waits a round."""
    first: dict[int, Report] = {}
    later: list[Letter] = []
    for letter in letters:
        assert letter.attempt is not None
        if letter.attempt in first:
            later.append(letter)
        else:
            first[letter.attempt] = letter.report
    facts = attempts.lock(connection, first, with_recipients=suppresses)
    changes = [
        judge_report(facts[a], report, patience, Cause.CALLBACK) for a, report in first.items()
    ]
    found = [change for change in changes if change]
    attempts.write(connection, found)
    for change in found:
        if change.late:
            log.warning("late_evidence", attempt=change.facts.attempt, request=change.facts.request)
    return later

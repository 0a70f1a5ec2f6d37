"""Look after attempts whose deadline has passed: nobody waits for ever, and nobody guesses."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from worker.dispatch.double_contact import warn_of_late_evidence
from worker.dispatch.halt import halt_barred
from worker.dispatch.newer_attempts import ask_for_newer
from worker.dispatch.provider_loop import ProviderLoop
from worker.dispatch.source_rest import note_rejections
from worker.dispatch.unknown_codes import note_reports
from worker.domain.content.tickets import LookupRequest
from worker.domain.evidence import (
    Timeouts,
    judge_absence,
    judge_accepted,
    judge_report,
    judge_silence,
    judge_undecided,
)
from worker.domain.evidence.attempts import Change, Facts
from worker.domain.evidence.lookups import Lookup, Matches, Undecided
from worker.domain.evidence.reports import Report
from worker.domain.statuses import AttemptState, Cause
from worker.store import attempts, unjudged
from worker.store.connect import Connection, Engine, StoreUnavailable, in_transaction

log = structlog.get_logger()


PAGE = 100


@dataclass(frozen=True, slots=True)
class Failed:
    """Asking raised this kind of error: a bug of ours, which decides nothing."""

    fault: str


def rescue_all(engine: Engine, provider_loop: ProviderLoop, timeouts: Timeouts) -> None:
    """Page after page, until nothing is overdue."""
    while rescue(engine, provider_loop, timeouts, PAGE) == PAGE:
        pass


def rescue(
    engine: Engine, provider_loop: ProviderLoop, timeouts: Timeouts, limit: int = PAGE
) -> int:
    """Ask the providers about overdue attempts, and act on what they say.

    1. Take overdue attempts for a while, so that two rescuers do not both ask.
    2. Ask about each, by sid where one is known, else by who was to be reached; no transaction open. Where
       another account would send what is absent, also whether this one lists what came after it.
    3. Lock the attempt, leave out what is bound to another, and judge: bind it, count an empty look,
       or, where nothing is decided and patience has run out, close it by policy.
    4. Note which of them could not be judged: `doctor` and a metric tell of them.

    Returns:
        how many attempts were looked after; `limit` means there may be more.
    """
    inquiries = in_transaction(
        engine,
        attempts.take_overdue,
        limit=limit,
        for_time=timeouts.lookup_interval,
    )
    asked = provider_loop.run(_ask_all(provider_loop, inquiries)) if inquiries else []
    looks = list(zip(inquiries, asked, strict=True))
    newer = ask_for_newer(engine, provider_loop, timeouts, looks)
    faults: dict[int, str] = {}
    for inquiry, look in looks:
        if fault := _resolve(engine, timeouts, inquiry, look, newer.get(inquiry.attempt)):
            faults[inquiry.attempt] = fault
    in_transaction(engine, unjudged.note, [one.attempt for one in inquiries], faults)
    return len(inquiries)


async def _ask_all(
    provider_loop: ProviderLoop, inquiries: Sequence[LookupRequest]
) -> list[Lookup | Failed]:
    return list(await asyncio.gather(*(_ask(provider_loop, inquiry) for inquiry in inquiries)))


async def _ask(provider_loop: ProviderLoop, inquiry: LookupRequest) -> Lookup | Failed:
    try:
        return await provider_loop.provider(inquiry.channel, inquiry.account).look_up(inquiry)
    except Exception as error:  # noqa: BLE001  a bug in reading an answer must not stop the sweep
        log.error("look_failed", attempt=inquiry.attempt, error=type(error).__name__)
        return Failed(type(error).__name__)


def _resolve(
    engine: Engine,
    timeouts: Timeouts,
    inquiry: LookupRequest,
    look: Lookup | Failed,
    lists_newer: bool | None,
) -> str | None:
    """Judge one attempt by what its provider said; returns the kind of error that came between."""
    fault = None
    if isinstance(look, Failed):
        fault, look = look.fault, Undecided("error")
    try:
        # One of several may be of another campaign with the same sender.
        if isinstance(look, Matches) and len(look.reports) == 1:
            halt_barred(engine, look.reports)
            note_reports(engine, timeouts.unknown_run, look.reports)
        in_transaction(
            engine,
            _judge,
            timeouts=timeouts,
            inquiry=inquiry,
            look=look,
            lists_newer=lists_newer,
        )
        if isinstance(look, Matches) and len(look.reports) == 1:
            note_rejections(engine, timeouts.source_rejections, look.reports)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  one that can't be judged must not stop the others
        fault = type(error).__name__
        log.error("judging_failed", attempt=inquiry.attempt, error=fault)
    return fault


def _judge(
    connection: Connection,
    *,
    timeouts: Timeouts,
    inquiry: LookupRequest,
    look: Lookup,
    lists_newer: bool | None,
) -> None:
    facts = attempts.lock(connection, [inquiry.attempt], with_recipients=True)[inquiry.attempt]
    if facts.state not in {AttemptState.SENDING, AttemptState.IN_DOUBT, AttemptState.ACCEPTED}:
        return
    facts = _doubt(connection, facts, timeouts)
    for change in _changes(connection, facts, timeouts, look, lists_newer):
        attempts.write(connection, [change])
        warn_of_late_evidence(change)
        log.info(
            "attempt_looked_after",
            request=facts.request,
            attempt=facts.attempt,
            batch_id=facts.batch_id,
            channel=inquiry.channel.value,
            state=change.state.value,
        )
        facts = attempts.lock(connection, [facts.attempt])[facts.attempt]


def _doubt(connection: Connection, facts: Facts, timeouts: Timeouts) -> Facts:
    """A SENDING past its deadline lost its worker: from here on it is in doubt like any other."""
    if facts.state is not AttemptState.SENDING:
        return facts
    doubted = Change(
        facts=facts,
        state=AttemptState.IN_DOUBT,
        check_in=timeouts.lookup_interval,
        error_code="worker_lost",
    )
    attempts.write(connection, [doubted])
    return attempts.lock(connection, [facts.attempt])[facts.attempt]


def _changes(
    connection: Connection,
    facts: Facts,
    timeouts: Timeouts,
    look: Lookup,
    lists_newer: bool | None,
) -> Sequence[Change]:
    match look:
        case Undecided():
            return [judge_undecided(facts, timeouts)]
        case Matches(reports, other_senders):
            if not _all_bound(connection, facts, other_senders):
                return [judge_undecided(facts, timeouts)]
            ours = _unbound(connection, facts, reports)
            if len(ours) == 1:
                return _bound(facts, ours[0], timeouts)
            if not ours and facts.state is AttemptState.IN_DOUBT:
                change = judge_absence(facts, timeouts, lists_newer=lists_newer)
                return [change] if change else []
            return [judge_undecided(facts, timeouts)]


def _unbound(connection: Connection, facts: Facts, reports: Sequence[Report]) -> list[Report]:
    sids = [report.sid for report in reports if report.sid]
    taken = attempts.bound_elsewhere(connection, sids, facts.attempt)
    return [report for report in reports if report.sid and report.sid not in taken]


def _all_bound(connection: Connection, facts: Facts, other_senders: Sequence[str]) -> bool:
    """Return whether each call from another sender is known as that of another attempt."""
    return set(other_senders) <= attempts.bound_elsewhere(connection, other_senders, facts.attempt)


def _bound(facts: Facts, report: Report, timeouts: Timeouts) -> Sequence[Change]:
    """The provider has it: take its word, and where that says nothing new, look again later."""
    change = judge_report(facts, report, timeouts, Cause.RECONCILE)
    if change is not None:
        return [change]
    if facts.state is AttemptState.IN_DOUBT:
        assert report.sid is not None
        bound = judge_accepted(facts, report.sid, timeouts)
        return [bound] if bound else []
    return [judge_silence(facts, timeouts)]

"""Judging of reports: folded by position, so that order of arrival does not matter."""

from dataclasses import replace
from datetime import timedelta

from worker.domain.evidence.attempts import OPEN, PERSONS, Change, Facts, Move
from worker.domain.evidence.reports import BARRED, Meaning, Report
from worker.domain.evidence.retries import Outcome, delay, outcome, reason
from worker.domain.evidence.timeouts import Timeouts
from worker.domain.statuses import AttemptState, Cause, ChannelStatus, RequestStatus

_CLOSING: dict[Meaning, RequestStatus] = {
    Meaning.REACHED: RequestStatus.COMPLETED,
    Meaning.NOTED: RequestStatus.COMPLETED,
    Meaning.MISSED: RequestStatus.FAILED,
    Meaning.UNDELIVERABLE: RequestStatus.FAILED,
    Meaning.INVALID: RequestStatus.INVALID,
    Meaning.OPTED_OUT: RequestStatus.SKIPPED,
    Meaning.NEVER_RANG: RequestStatus.CANCELED,
    Meaning.SENDER_BARRED: RequestStatus.FAILED,
    Meaning.ACCOUNT_BARRED: RequestStatus.FAILED,
}


def judge_report(facts: Facts, report: Report, timeouts: Timeouts, cause: Cause) -> Change | None:
    """Judge what a report changes: folded by position, so that order of arrival does not matter."""
    newer = facts.position is None or report.position > facts.position
    if facts.awaits_answered_by and _ends_the_wait(report, cause):
        return _over(facts, report, cause)
    if newer and _waits(facts, report):
        return _waiting(facts, report, timeouts, cause)
    if not newer and facts.state not in {AttemptState.SENDING, AttemptState.IN_DOUBT}:
        return _hear_opt_out(facts, report, timeouts) if report.suppress else None
    closes = report.meaning in _CLOSING
    state = (
        AttemptState.DONE if closes or facts.state is AttemptState.DONE else AttemptState.ACCEPTED
    )
    if state is AttemptState.ACCEPTED and not (report.sid or facts.sid):
        return None
    return Change(
        facts=facts,
        state=state,
        check_in=timeouts.first_lookup[facts.channel] if state is AttemptState.ACCEPTED else None,
        sid=report.sid,
        position=report.position if newer else facts.position,
        error_code=report.code,
        late=not facts.is_current,
        move=_project(facts, report, cause) if newer and facts.revisable else None,
        suppress=report.suppress,
        act=report.act,
    )


def _waits(facts: Facts, report: Report) -> bool:
    """Return whether a call is over while its campaign must still be told who answered.

    What was told before stands in the request, so that either word may come first.
    """
    over = report.channel_status is ChannelStatus.COMPLETED and facts.state is not AttemptState.DONE
    return over and facts.detects_machines and facts.revisable and not facts.person_answered


def _waiting(facts: Facts, report: Report, timeouts: Timeouts, cause: Cause) -> Change:
    return Change(
        facts=facts,
        state=AttemptState.ACCEPTED,
        check_in=timeouts.answered_by_wait,
        sid=report.sid,
        position=report.position,
        move=Move(
            status=RequestStatus.CONNECTED,
            channel_status=report.channel_status,
            cause=cause,
            why=report.name,
        ),
    )


def _ends_the_wait(report: Report, cause: Cause) -> bool:
    """A person's word; or the provider was asked, after the wait, and can't tell either."""
    asked = cause is Cause.RECONCILE and report.channel_status is ChannelStatus.COMPLETED
    return asked or report.channel_status in PERSONS


def _over(facts: Facts, report: Report, cause: Cause) -> Change:
    assert facts.position is not None
    return Change(
        facts=facts,
        state=AttemptState.DONE,
        sid=report.sid,
        position=max(facts.position, report.position),
        move=Move(
            status=RequestStatus.COMPLETED,
            channel_status=ChannelStatus.COMPLETED,
            cause=cause,
            why=report.name,
        ),
    )


def _hear_opt_out(facts: Facts, report: Report, timeouts: Timeouts) -> Change:
    """A higher word came first, but whoever asked us to stop must be heard in any order."""
    check_in = timeouts.lookup_interval if facts.state in OPEN else None
    return Change(
        facts=facts,
        state=facts.state,
        check_in=check_in,
        suppress=report.suppress,
        act=report.act,
    )


def _project(facts: Facts, report: Report, cause: Cause) -> Move | None:
    if report.meaning is Meaning.UNDERWAY:
        status = RequestStatus.INITIATED
    elif report.meaning is Meaning.CONNECTED:
        status = RequestStatus.CONNECTED
    else:
        return _close(facts, report, cause)
    # A final word that came first stands until a final word of higher rank.
    if facts.state is AttemptState.DONE:
        return None
    return Move(status=status, channel_status=report.channel_status, cause=cause, why=report.name)


def _close(facts: Facts, report: Report, cause: Cause) -> Move:
    move = Move(
        status=_CLOSING[report.meaning],
        channel_status=report.channel_status,
        cause=cause,
        why=report.name,
        error_code=report.code,
    )
    # What this attempt was given for not having rung it gives back: only its last word counts.
    given_back = -int(facts.forgiven)
    wait = delay(facts.retry_rules, report.channel_status, facts.time_left)
    if wait is not None and _is_miss(report) and _may_retry(facts):
        why = reason(report.name, _count_used(facts), _count_allowed(facts), wait)
        return _again(replace(move, why=why), wait, extra_attempts=given_back)
    if report.meaning is Meaning.NEVER_RANG and facts.batch_lives:
        return _again(move, facts.retry_interval, extra_attempts=1 + given_back)
    if report.meaning in BARRED and facts.batch_lives:
        # Due at once: what holds it back is the halt, until somebody resumes.
        waiting = replace(move, channel_status=ChannelStatus.PENDING, why=report.code)
        return _again(waiting, timedelta(0), extra_attempts=1 + given_back)
    return replace(move, extra_attempts=given_back)


def _may_retry(facts: Facts) -> bool:
    """Return whether an attempt is left; this one counts, whatever was thought of it before."""
    return facts.batch_lives and _count_used(facts) < _count_allowed(facts)


def _count_used(facts: Facts) -> int:
    return facts.attempt_count + int(facts.state is AttemptState.NOT_SENT)


def _count_allowed(facts: Facts) -> int:
    return facts.attempts_allowed - int(facts.forgiven)


def _is_miss(report: Report) -> bool:
    """Return whether nobody was reached; a machine is somebody unless the campaign retries on it."""
    machine = outcome(report.channel_status) is Outcome.MACHINE
    return report.meaning is Meaning.MISSED or (machine and report.meaning is Meaning.REACHED)


def _again(move: Move, due_in: timedelta, extra_attempts: int = 0) -> Move:
    return Move(
        status=RequestStatus.PENDING,
        channel_status=move.channel_status,
        cause=Cause.RETRY,
        why=move.why,
        error_code=move.error_code,
        due_in=due_in,
        extra_attempts=extra_attempts,
    )

"""The one rule that moves requests: a request is the projection of its latest attempt.

Four kinds of evidence bear on an attempt: the provider's answer to our request, its later reports,
proof that it never arrived, and silence. Each function takes the facts and one piece of evidence and
returns the change, or None where the evidence says nothing new. Nothing here reads a clock.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from worker.domain.answers import (
    Accepted,
    Answer,
    Halt,
    NotSent,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.attempts import OPEN, Change, Facts, Move
from worker.domain.reports import Meaning, Report
from worker.domain.statuses import (
    AttemptState,
    Cause,
    ChannelStatus,
    Mode,
    RequestStatus,
    SuppressReason,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long each kind of waiting lasts before somebody looks or judges."""

    throttle_pause: timedelta
    refused_pause: timedelta
    doubt_look: timedelta
    """From an unknown answer to the first question about it."""
    look_interval: timedelta
    empty_looks: int
    give_up: dict[Mode, timedelta]
    """Age at which a doubt is closed by policy."""
    first_look: dict[Mode, timedelta]
    """From acceptance to the first question by sid (calls, messages), or to silence (mail)."""
    silence: dict[Mode, timedelta]
    """Age at which an accepted attempt without a final word is closed by inference."""


REFUSALS: dict[Refusal, tuple[RequestStatus, ChannelStatus | None]] = {
    Refusal.INVALID_TARGET: (RequestStatus.INVALID, ChannelStatus.INVALID),
    Refusal.OPTED_OUT: (RequestStatus.SKIPPED, ChannelStatus.UNSUBSCRIBED),
    Refusal.NOT_PERMITTED: (RequestStatus.FAILED, None),
    Refusal.CONTENT: (RequestStatus.FAILED, None),
}
UNDELIVERED: dict[Mode, ChannelStatus] = {
    Mode.VOICE: ChannelStatus.FAILED,
    Mode.SMS: ChannelStatus.DELIVERY_FAILED,
    Mode.EMAIL: ChannelStatus.DROPPED,
}
"""What a refusal that has no word of its own is called on each channel."""

_CLOSING: dict[Meaning, RequestStatus] = {
    Meaning.REACHED: RequestStatus.COMPLETED,
    Meaning.NOTED: RequestStatus.COMPLETED,
    Meaning.MISSED: RequestStatus.FAILED,
    Meaning.UNDELIVERABLE: RequestStatus.FAILED,
    Meaning.INVALID: RequestStatus.INVALID,
    Meaning.OPTED_OUT: RequestStatus.SKIPPED,
    Meaning.NEVER_RANG: RequestStatus.CANCELED,
}


def judge_answer(facts: Facts, answer: Answer, patience: Patience) -> Change | None:
    """What the provider's answer to our request changes.

    A callback or a rescuer may have been first: only a state the answer can still speak for moves.
    """
    match answer:
        case Accepted(sid):
            return accepted(facts, sid, patience)
        case NotSent(code):
            return _not_sent(facts, code, patience.refused_pause, Cause.DISPATCH)
        case Throttled(after, code):
            pause = patience.throttle_pause if after is None else timedelta(seconds=after)
            return _not_sent(facts, code, pause, Cause.DISPATCH)
        case Halt(_, code, _):
            return _not_sent(facts, code, timedelta(0), Cause.DISPATCH)
        case Refused(kind, code):
            return _refused(facts, kind, code)
        case Unknown(code):
            return _doubted(facts, code, patience)
        case _:
            assert_never(answer)


def accepted(facts: Facts, sid: str, patience: Patience) -> Change | None:
    """The provider took it: by its answer, or as evidence that comes after somebody judged otherwise."""
    if facts.state in {AttemptState.ACCEPTED, AttemptState.DONE, AttemptState.REFUSED}:
        return None if facts.sid else _named(facts, sid, patience)
    move = Move(
        status=RequestStatus.INITIATED, channel_status=ChannelStatus.QUEUED, cause=Cause.DISPATCH
    )
    return Change(
        facts=facts,
        state=AttemptState.ACCEPTED,
        check_in=patience.first_look[facts.mode],
        sid=sid,
        late=not facts.is_current,
        move=move if facts.revisable else None,
    )


def _named(facts: Facts, sid: str, patience: Patience) -> Change:
    """A report was first and told everything but the sid."""
    check_in = patience.look_interval if facts.state in OPEN else None
    return Change(facts=facts, state=facts.state, sid=sid, check_in=check_in)


def judge_report(facts: Facts, report: Report, patience: Patience, cause: Cause) -> Change | None:
    """What a report changes: folded by position, so that order of arrival does not matter."""
    newer = facts.position is None or report.position > facts.position
    if not newer and facts.state not in {AttemptState.SENDING, AttemptState.IN_DOUBT}:
        return None
    closes = report.meaning in _CLOSING
    state = (
        AttemptState.DONE if closes or facts.state is AttemptState.DONE else AttemptState.ACCEPTED
    )
    if state is AttemptState.ACCEPTED and not (report.sid or facts.sid):
        return None
    return Change(
        facts=facts,
        state=state,
        check_in=patience.first_look[facts.mode] if state is AttemptState.ACCEPTED else None,
        sid=report.sid,
        position=report.position if newer else facts.position,
        error_code=report.code,
        late=not facts.is_current,
        move=_projected(facts, report, cause) if newer and facts.revisable else None,
        suppress=report.suppress,
    )


def _projected(facts: Facts, report: Report, cause: Cause) -> Move | None:
    if report.meaning is Meaning.UNDERWAY:
        status = RequestStatus.INITIATED
    elif report.meaning is Meaning.CONNECTED:
        status = RequestStatus.CONNECTED
    else:
        return _closed(facts, report, cause)
    # A final word that came first stands until a final word of higher rank.
    if facts.state is AttemptState.DONE:
        return None
    return Move(status=status, channel_status=report.channel_status, cause=cause, why=report.name)


def _closed(facts: Facts, report: Report, cause: Cause) -> Move:
    move = Move(
        status=_CLOSING[report.meaning],
        channel_status=report.channel_status,
        cause=cause,
        why=report.name,
        error_code=report.code,
    )
    if report.meaning is Meaning.MISSED and _may_retry(facts):
        return _again(move, facts.retry_interval)
    if report.meaning is Meaning.NEVER_RANG and facts.batch_lives:
        return _again(move, facts.retry_interval, extra_attempts=1)
    return move


def _may_retry(facts: Facts) -> bool:
    return facts.batch_lives and facts.attempt_count < facts.attempts_allowed


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


def _not_sent(facts: Facts, code: str, pause: timedelta, cause: Cause) -> Change | None:
    """Proof that nobody was contacted: not counted, due again after `pause`."""
    if facts.state not in {AttemptState.SENDING, AttemptState.IN_DOUBT}:
        return None
    move = Move(
        status=RequestStatus.PENDING,
        channel_status=ChannelStatus.PENDING,
        cause=cause,
        why=code,
        due_in=pause,
    )
    return Change(
        facts=facts,
        state=AttemptState.NOT_SENT,
        error_code=code,
        move=move if facts.revisable else None,
    )


def _refused(facts: Facts, kind: Refusal, code: str) -> Change | None:
    if facts.state not in {AttemptState.SENDING, AttemptState.IN_DOUBT}:
        return None
    status, channel_status = REFUSALS[kind]
    move = Move(
        status=status,
        channel_status=channel_status or UNDELIVERED[facts.mode],
        cause=Cause.DISPATCH,
        why=kind,
        error_code=code,
    )
    return Change(
        facts=facts,
        state=AttemptState.REFUSED,
        error_code=code,
        move=move if facts.revisable else None,
        suppress=SuppressReason.UNSUBSCRIBED if kind is Refusal.OPTED_OUT else None,
    )


def _doubted(facts: Facts, code: str, patience: Patience) -> Change | None:
    if facts.state is not AttemptState.SENDING:
        return None
    return Change(
        facts=facts, state=AttemptState.IN_DOUBT, error_code=code, check_in=patience.doubt_look
    )


def judge_absence(facts: Facts, patience: Patience) -> Change | None:
    """The provider lists nothing that could be this attempt. Several such looks are proof."""
    if facts.state is not AttemptState.IN_DOUBT:
        return None
    if facts.checks + 1 >= patience.empty_looks:
        return _not_sent(facts, "absent", timedelta(0), Cause.RECONCILE)
    return judge_undecided(facts, patience, checks=facts.checks + 1)


def judge_undecided(facts: Facts, patience: Patience, checks: int | None = None) -> Change:
    """Asking decided nothing: ask again, until policy closes the doubt or infers from the silence."""
    if facts.state is AttemptState.ACCEPTED:
        return _silent(facts, patience) or _look_again(facts, patience, facts.checks)
    if facts.age >= patience.give_up[facts.mode]:
        return give_up(facts, Cause.INFERENCE)
    return _look_again(facts, patience, facts.checks if checks is None else checks)


def _look_again(facts: Facts, patience: Patience, checks: int) -> Change:
    state = AttemptState.IN_DOUBT if facts.state is AttemptState.SENDING else facts.state
    return Change(facts=facts, state=state, check_in=patience.look_interval, checks=checks)


def give_up(facts: Facts, cause: Cause) -> Change:
    """Close a doubt by policy: never re-sent, except mail whose campaign chose `resend_in_doubt`."""
    resend = facts.mode is Mode.EMAIL and facts.resend_in_doubt and facts.batch_lives
    move = Move(
        status=RequestStatus.PENDING if resend else RequestStatus.FAILED,
        channel_status=ChannelStatus.DELIVERY_UNKNOWN,
        cause=Cause.RETRY if resend else cause,
        why="in_doubt",
        error_code="in_doubt",
        due_in=timedelta(0) if resend else None,
        extra_attempts=int(resend),
    )
    return Change(
        facts=facts,
        state=AttemptState.UNRESOLVED,
        error_code="in_doubt",
        move=move if facts.revisable else None,
    )


def _silent(facts: Facts, patience: Patience) -> Change | None:
    """Close an accepted attempt without a final word, once its channel's silence has lasted."""
    if facts.age < patience.silence[facts.mode]:
        return None
    status, channel_status = _inferred(facts)
    move = Move(
        status=status,
        channel_status=channel_status,
        cause=Cause.INFERENCE,
        why="silence",
        error_code="no_outcome" if status is RequestStatus.FAILED else None,
    )
    return Change(
        facts=facts,
        state=AttemptState.DONE,
        move=move if facts.revisable else None,
    )


def _inferred(facts: Facts) -> tuple[RequestStatus, ChannelStatus]:
    match facts.mode:
        case Mode.VOICE:
            return RequestStatus.FAILED, ChannelStatus.NO_OUTCOME
        case Mode.SMS:
            return RequestStatus.COMPLETED, ChannelStatus.SENT
        case Mode.EMAIL if facts.channel_status is ChannelStatus.DEFERRED:
            return RequestStatus.FAILED, ChannelStatus.DEFERRED
        case Mode.EMAIL:
            return RequestStatus.COMPLETED, ChannelStatus.NO_OUTCOME
        case _:
            assert_never(facts.mode)

"""Judging of the provider's answer to our request."""

from datetime import timedelta
from typing import assert_never

from worker.domain.evidence.answers import (
    Accepted,
    Answer,
    GroupRefused,
    Halt,
    NotSent,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.evidence.attempts import OPEN, Change, Facts, Move
from worker.domain.evidence.timeouts import Timeouts
from worker.domain.statuses import (
    AttemptState,
    Cause,
    Channel,
    ChannelStatus,
    RequestStatus,
    SuppressReason,
)

REFUSALS: dict[Refusal, tuple[RequestStatus, ChannelStatus | None]] = {
    Refusal.INVALID_TARGET: (RequestStatus.INVALID, ChannelStatus.INVALID),
    Refusal.OPTED_OUT: (RequestStatus.SKIPPED, ChannelStatus.UNSUBSCRIBED),
    Refusal.NOT_PERMITTED: (RequestStatus.FAILED, None),
    Refusal.CONTENT: (RequestStatus.FAILED, None),
}

UNDELIVERED: dict[Channel, ChannelStatus] = {
    Channel.VOICE: ChannelStatus.FAILED,
    Channel.SMS: ChannelStatus.DELIVERY_FAILED,
    Channel.EMAIL: ChannelStatus.DROPPED,
}
"""What a refusal that has no word of its own is called on each channel."""

LONGEST_PAUSE = timedelta(hours=1)
"""However long a provider asks us to wait, we try again after this."""

LONGEST_DOUBLINGS = 8


def judge_answer(facts: Facts, answer: Answer, timeouts: Timeouts) -> Change | None:
    """Judge what the provider's answer to our request changes.

    A callback or a rescuer may have been first: only a state the answer can still speak for moves.
    """
    match answer:
        case Accepted(sid):
            return judge_accepted(facts, sid, timeouts)
        case NotSent() | Throttled() | Halt() | GroupRefused():
            return _judge_not_sent(facts, answer, timeouts)
        case Refused(code=code, by_account=True) if facts.others_left:
            return not_sent(facts, code, timedelta(0), Cause.DISPATCH)
        case Refused(kind, code):
            return _judge_refused(facts, kind, code)
        case Unknown(code):
            return _judge_unknown(facts, code, timeouts)
        case _:
            assert_never(answer)


def _judge_not_sent(
    facts: Facts, answer: NotSent | Throttled | Halt | GroupRefused, timeouts: Timeouts
) -> Change | None:
    """Nobody was contacted; when it is due again depends on what stood in the way."""
    pause, group_limit = timedelta(0), None
    match answer:
        case NotSent():
            pause = longer(timeouts.refused_pause, facts)
        case Throttled(after):
            pause = _pause(after, timeouts)
        case GroupRefused(size):
            group_limit = max(1, size // 2)
        case Halt():
            pass
    return not_sent(facts, answer.code, pause, Cause.DISPATCH, group_limit=group_limit)


def _pause(after: float | None, timeouts: Timeouts) -> timedelta:
    if after is None:
        return timeouts.throttle_pause
    return timedelta(seconds=min(max(0.0, after), LONGEST_PAUSE.total_seconds()))


def judge_accepted(facts: Facts, sid: str, timeouts: Timeouts) -> Change | None:
    """The provider took it: by its answer, or as evidence that comes after somebody judged otherwise."""
    if facts.state in {AttemptState.ACCEPTED, AttemptState.DONE, AttemptState.REFUSED}:
        return None if facts.sid else _add_sid(facts, sid, timeouts)
    move = Move(
        status=RequestStatus.INITIATED, channel_status=ChannelStatus.QUEUED, cause=Cause.DISPATCH
    )
    return Change(
        facts=facts,
        state=AttemptState.ACCEPTED,
        check_in=timeouts.first_lookup[facts.channel],
        sid=sid,
        late=not facts.is_current,
        move=move if facts.revisable else None,
    )


def _add_sid(facts: Facts, sid: str, timeouts: Timeouts) -> Change:
    """A report was first and told everything but the sid."""
    check_in = timeouts.first_lookup[facts.channel] if facts.state in OPEN else None
    return Change(facts=facts, state=facts.state, sid=sid, check_in=check_in)


def not_sent(
    facts: Facts, code: str, pause: timedelta, cause: Cause, *, group_limit: int | None = None
) -> Change | None:
    """Proof that nobody was contacted: not counted, due again after `pause`."""
    if facts.state not in {AttemptState.SENDING, AttemptState.IN_DOUBT}:
        return None
    move = Move(
        status=RequestStatus.PENDING,
        channel_status=ChannelStatus.PENDING,
        cause=cause,
        why=code,
        due_in=pause,
        group_limit=group_limit,
    )
    return Change(
        facts=facts,
        state=AttemptState.NOT_SENT,
        error_code=code,
        move=move if facts.revisable else None,
    )


def longer(pause: timedelta, facts: Facts) -> timedelta:
    """Doubled with every attempt that got lost: a provider that is down is not hammered.

    Where the campaign lists another account that was not tried, there is nothing to wait for.
    """
    if facts.others_left:
        return timedelta(0)
    return pause * (1 << min(facts.lost, LONGEST_DOUBLINGS))


def _judge_refused(facts: Facts, kind: Refusal, code: str) -> Change | None:
    if facts.state not in {AttemptState.SENDING, AttemptState.IN_DOUBT}:
        return None
    status, channel_status = REFUSALS[kind]
    move = Move(
        status=status,
        channel_status=channel_status or UNDELIVERED[facts.channel],
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


def _judge_unknown(facts: Facts, code: str, timeouts: Timeouts) -> Change | None:
    if facts.state is not AttemptState.SENDING:
        return None
    return Change(
        facts=facts,
        state=AttemptState.IN_DOUBT,
        error_code=code,
        check_in=timeouts.first_doubt_lookup,
    )

"""Judging of absence, doubt and silence."""

from datetime import timedelta
from typing import assert_never

from worker.domain.evidence.attempts import Change, Facts, Move
from worker.domain.evidence.judge_answers import longer, not_sent
from worker.domain.evidence.timeouts import Timeouts
from worker.domain.schedule.account_choice import ABSENT, NEVER_LISTED
from worker.domain.statuses import AttemptState, Cause, Channel, ChannelStatus, RequestStatus

LONGEST_LOOK = timedelta(hours=2)


def judge_absence(
    facts: Facts, timeouts: Timeouts, *, lists_newer: bool | None = None
) -> Change | None:
    """The provider lists nothing that could be this attempt. Several such looks are proof.

    Not where another account would send it next: whoever is down is the one whose lists lie. There it takes
    the doubt's whole time, and that the account lists what was begun after it (`lists_newer`; None: nobody
    has asked yet); else policy closes it.
    """
    if facts.state is not AttemptState.IN_DOUBT:
        return None
    if facts.others_listed:
        return _judge_absence_among_others(facts, timeouts, lists_newer=lists_newer)
    if facts.checks + 1 >= timeouts.empty_lookups:
        pause = longer(timeouts.refused_pause, facts)
        return not_sent(facts, ABSENT, pause, Cause.RECONCILE)
    return judge_undecided(facts, timeouts, checks=facts.checks + 1)


def _judge_absence_among_others(
    facts: Facts, timeouts: Timeouts, *, lists_newer: bool | None
) -> Change:
    looks = facts.checks + 1
    if facts.age < timeouts.give_up[facts.channel] or lists_newer is None:
        return _look_again(facts, timeouts, looks)
    if lists_newer and looks >= timeouts.empty_lookups:
        return not_sent(facts, NEVER_LISTED, timedelta(0), Cause.RECONCILE) or _look_again(
            facts, timeouts
        )
    return give_up(facts, Cause.INFERENCE)


def judge_undecided(facts: Facts, timeouts: Timeouts, checks: int | None = None) -> Change:
    """Asking decided nothing: ask again, until policy closes the doubt or infers from the silence."""
    if facts.state is AttemptState.ACCEPTED:
        overdue = facts.age >= timeouts.unanswered[facts.channel]
        return (_silent(facts, timeouts) if overdue else None) or _look_again(facts, timeouts)
    if facts.age >= timeouts.give_up[facts.channel]:
        return give_up(facts, Cause.INFERENCE)
    return _look_again(facts, timeouts, facts.checks if checks is None else checks)


def judge_silence(facts: Facts, timeouts: Timeouts) -> Change:
    """The provider was asked and has nothing new to say of an attempt it accepted."""
    if facts.channel is Channel.SMS and facts.channel_status is not ChannelStatus.SENT:
        return judge_undecided(facts, timeouts)  # still queued there: not even sent
    return _silent(facts, timeouts) or _look_again(facts, timeouts)


def _look_again(facts: Facts, timeouts: Timeouts, checks: int = 0) -> Change:
    """Later, and ever later for what was accepted: its last word may take a day."""
    state = AttemptState.IN_DOUBT if facts.state is AttemptState.SENDING else facts.state
    wait = timeouts.lookup_interval
    if state is AttemptState.ACCEPTED:
        wait = max(wait, min(facts.age / 2, LONGEST_LOOK))
    return Change(facts=facts, state=state, check_in=wait, checks=checks)


def give_up(facts: Facts, cause: Cause) -> Change:
    """Close a doubt by policy: never re-sent, except mail whose campaign chose `resend_in_doubt`."""
    # One more than the retries, so that a provider that never tells can't be asked for ever.
    left = facts.attempt_count <= facts.attempts_allowed
    resend = facts.channel is Channel.EMAIL and facts.resend_in_doubt and facts.batch_lives and left
    move = Move(
        status=RequestStatus.PENDING if resend else RequestStatus.FAILED,
        channel_status=ChannelStatus.DELIVERY_UNKNOWN,
        cause=Cause.RETRY if resend else cause,
        why="in_doubt",
        error_code="in_doubt",
        due_in=timedelta(0) if resend else None,
    )
    return Change(
        facts=facts,
        state=AttemptState.UNRESOLVED,
        error_code="in_doubt",
        move=move if facts.revisable else None,
    )


def _silent(facts: Facts, timeouts: Timeouts) -> Change | None:
    """Close an accepted attempt without a final word, once its channel's silence has lasted."""
    if facts.age < timeouts.silence[facts.channel]:
        return None
    status, channel_status = _infer_outcome(facts)
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


def _infer_outcome(facts: Facts) -> tuple[RequestStatus, ChannelStatus]:
    match facts.channel:
        case Channel.VOICE if facts.awaits_answered_by:
            return RequestStatus.COMPLETED, ChannelStatus.COMPLETED
        case Channel.VOICE:
            return RequestStatus.FAILED, ChannelStatus.NO_OUTCOME
        case Channel.SMS if facts.channel_status is ChannelStatus.SENT:
            return RequestStatus.COMPLETED, ChannelStatus.SENT
        case Channel.SMS:
            return RequestStatus.FAILED, ChannelStatus.NO_OUTCOME
        case Channel.EMAIL if facts.channel_status is ChannelStatus.DEFERRED:
            return RequestStatus.FAILED, ChannelStatus.DEFERRED
        case Channel.EMAIL:
            return RequestStatus.COMPLETED, ChannelStatus.NO_OUTCOME
        case _:
            assert_never(facts.channel)

"""One attempt in memory: what `store.attempts.write` does to the facts, without a database."""

from dataclasses import replace
from typing import Any

from tests.factories import MINUTE, SECOND, make_timeouts
from worker.domain.evidence import judge_answer, judge_report
from worker.domain.evidence.answers import (
    Accepted,
    Answer,
    Halt,
    HaltScope,
    NotSent,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.evidence.attempts import Change, Facts
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import AttemptState, Cause, Channel, ChannelStatus, RequestStatus

BEGUN = Facts(
    attempt=1,
    request=1,
    channel=Channel.VOICE,
    state=AttemptState.SENDING,
    sid=None,
    position=None,
    is_current=True,
    checks=0,
    age=SECOND,
    request_status=RequestStatus.INITIATED,
    channel_status=ChannelStatus.PENDING,
    moved_by=Cause.DISPATCH,
    attempt_count=1,
    attempts_allowed=1,
    retry_interval=30 * MINUTE,
    batch_lives=True,
    resend_in_doubt=False,
)
"""A call that has just begun, without retries."""


def facts(**values: Any) -> Facts:
    """A call that has just begun, but for the given values."""
    return replace(BEGUN, **values)


def report(meaning: Meaning, rank: int, **values: Any) -> Report:
    """One thing Twilio said of a call."""
    told: dict[str, Any] = {
        "channel": Channel.VOICE,
        "key": f"CA1:{rank}",
        "token": None,
        "sid": "CA1",
        "name": meaning.value,
        "rank": rank,
        "sequence": 0,
        "meaning": meaning,
        "channel_status": ChannelStatus.UNKNOWN,
    }
    return Report(**(told | values))


QUEUED = report(Meaning.UNDERWAY, 10, name="queued", channel_status=ChannelStatus.QUEUED)
RINGING = report(Meaning.UNDERWAY, 30, name="ringing", channel_status=ChannelStatus.SENDING)
ANSWERED = report(Meaning.CONNECTED, 40, name="answered", channel_status=ChannelStatus.IN_PROGRESS)
BUSY = report(Meaning.MISSED, 100, name="busy", channel_status=ChannelStatus.BUSY, code="busy")
CANCELED = report(Meaning.NEVER_RANG, 100, name="canceled", channel_status=ChannelStatus.CANCELED)
RANG_AFTER_ALL = report(
    Meaning.MISSED, 100, name="canceled", sequence=1, channel_status=ChannelStatus.NO_ANSWER
)
COMPLETED = report(Meaning.REACHED, 100, name="completed", channel_status=ChannelStatus.COMPLETED)
UNDELIVERED = report(
    Meaning.UNDELIVERABLE, 90, name="undelivered", channel_status=ChannelStatus.UNDELIVERED
)
NO_SUCH_NUMBER = report(
    Meaning.INVALID, 90, name="failed", channel_status=ChannelStatus.INVALID, code="21211"
)
OPTED_OUT = report(Meaning.OPTED_OUT, 90, name="blocked", channel_status=ChannelStatus.UNSUBSCRIBED)
PERSON = report(Meaning.CONNECTED, 45, name="human", channel_status=ChannelStatus.HUMAN)
NOBODY_KNOWS = report(Meaning.CONNECTED, 45, name="unknown", channel_status=ChannelStatus.UNKNOWN)
MACHINE = report(Meaning.MISSED, 110, name="machine_start", channel_status=ChannelStatus.MACHINE)
OPENED = report(Meaning.NOTED, 95, name="open", channel_status=ChannelStatus.OPENED)

EVERY_REPORT = (
    QUEUED,
    RINGING,
    ANSWERED,
    BUSY,
    CANCELED,
    RANG_AFTER_ALL,
    COMPLETED,
    UNDELIVERED,
    NO_SUCH_NUMBER,
    OPTED_OUT,
    OPENED,
)


def after(facts: Facts, change: Change | None) -> Facts:
    """The facts once the change is written."""
    if change is None:
        return facts
    changed = replace(
        facts,
        state=change.state,
        sid=facts.sid or change.sid,
        position=change.position or facts.position,
        checks=change.checks,
        attempt_count=facts.attempt_count + change.counted,
    )
    if change.move is None:
        return changed
    return replace(
        changed,
        request_status=change.move.status,
        channel_status=change.move.channel_status,
        moved_by=change.move.cause,
        attempts_allowed=facts.attempts_allowed + change.move.extra_attempts,
    )


PATIENCE = make_timeouts()
REFUSED = Refused(Refusal.INVALID_TARGET, "21211")
UNKNOWN = Unknown("read_timeout")
HALT = Halt(HaltScope.CHANNEL, "20003", "the credentials are wrong")
EVERY_ANSWER: tuple[Answer, ...] = (
    Accepted("CA1"),
    NotSent("connect_timeout"),
    Throttled(None, "429"),
    REFUSED,
    UNKNOWN,
    HALT,
)


def answered(known: Facts, answer: Answer) -> Change | None:
    return judge_answer(known, answer, PATIENCE)


def reported(known: Facts, told: Report) -> Change | None:
    return judge_report(known, told, PATIENCE, Cause.CALLBACK)


def moved(change: Change | None) -> tuple[AttemptState, RequestStatus, ChannelStatus]:
    assert change is not None
    assert change.move is not None
    return change.state, change.move.status, change.move.channel_status

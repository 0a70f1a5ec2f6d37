"""Alarms where a provider tells of more contacts than we know: somebody may have been called twice."""

import structlog

from worker.domain.evidence.attempts import Change, Facts
from worker.domain.statuses import AttemptState, Channel

log = structlog.get_logger()


def warn_of_double_contact(facts: Facts, sid: str | None) -> bool:
    """Tell an operator where an attempt that has a sid is spoken of under another one.

    Mail's are not compared: theirs is not always the provider's own.
    """
    if facts.channel is Channel.EMAIL or None in {facts.sid, sid} or facts.sid == sid:
        return False
    log.error(
        "double_contact_risk",
        request=facts.request,
        attempt=facts.attempt,
        batch_id=facts.batch_id,
        channel=facts.channel.value,
        sid=facts.sid,
        other_sid=sid,
    )
    return True


def warn_of_archived_contact(channel: Channel, known: str | None, sid: str | None) -> bool:
    """The same of an attempt that was archived, of which no more is known than its sid."""
    if channel is Channel.EMAIL or None in {known, sid} or known == sid:
        return False
    log.error("double_contact_risk", sid=known, other_sid=sid, archived=True)
    return True


REACHING = frozenset({AttemptState.ACCEPTED, AttemptState.DONE})


def warn_of_late_evidence(change: Change) -> bool:
    """Tell an operator where an attempt turns out to have arrived after its request went on without it.

    Told once for each: later reports find it known to have arrived.
    """
    facts = change.facts
    arrived = change.state in REACHING and facts.state not in REACHING
    if not (change.late and arrived):
        return False
    log.error(
        "double_contact_risk",
        request=facts.request,
        attempt=facts.attempt,
        batch_id=facts.batch_id,
        channel=facts.channel.value,
        late=True,
    )
    return True

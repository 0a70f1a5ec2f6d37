"""One attempt, two sids: the provider may have contacted somebody twice for one of our requests."""

import structlog

from worker.domain.attempts import Facts
from worker.domain.statuses import Mode

log = structlog.get_logger()


def suspect_double(facts: Facts, sid: str | None) -> bool:
    """Tell an operator where an attempt that has a sid is spoken of under another one.

    Mail's are not compared: theirs is not always the provider's own.
    """
    if facts.mode is Mode.EMAIL or None in {facts.sid, sid} or facts.sid == sid:
        return False
    log.error("double_contact_risk", attempt=facts.attempt, sid=facts.sid, other_sid=sid)
    return True

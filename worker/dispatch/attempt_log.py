"""A line in the log for each attempt that was answered. Accepted ones may be sampled: most are."""

from collections.abc import Sequence

import structlog

from worker.dispatch.provider_loop import Answered
from worker.domain.evidence.answers import Accepted, kind_of

log = structlog.get_logger()

FINE = 10_000


def tell_attempts(answered: Sequence[Answered], share: float) -> None:
    """Tell what came of each; of accepted ones a share, the same ones whoever tells of them."""
    for one in answered:
        if not isinstance(one.answer, Accepted):
            _tell(one, code=getattr(one.answer, "code", None))
        elif is_told(one.ticket.attempt, share):
            _tell(one, sid=one.answer.sid)


def is_told(attempt: int, share: float) -> bool:
    """Return whether an accepted attempt is one of the sample."""
    # Neighbours are spread, so that a sample holds some of every chunk.
    return attempt * 2_654_435_761 % FINE < share * FINE


def _tell(one: Answered, **more: str | None) -> None:
    seconds = None if one.seconds is None else round(one.seconds, 3)
    ticket = one.ticket
    log.info(
        "attempt_answered",
        request=ticket.request,
        attempt=ticket.attempt,
        answer=kind_of(one.answer),
        seconds=seconds,
        **more,
    )

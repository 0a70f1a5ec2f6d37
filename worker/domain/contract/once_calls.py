"""A call that is to have its effect once, and how it was answered."""

from dataclasses import dataclass

from worker.domain.errors import WrongFields
from worker.domain.wire import Wire

NAMING = frozenset(
    {
        *("id", "name", "batch_id", "campaign_id", "campaign_name", "reference_id", "attempt"),
        *("suppressed", "lifted", "discarded", "fresh", "changed", "removed", "queued"),
        *("passed_over", "paused", "status", "created_at"),
    }
)
"""Fields of an answer that are kept: they name things and count them, and none is a secret or a person's."""


@dataclass(frozen=True, slots=True)
class OnceCall:
    """A call. `digest`: of its body."""

    owner: str
    route: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class OnceAnswer:
    """The answer so far. `status`: None while somebody is at it; `is_ours`: whoever asks is to do it."""

    is_ours: bool
    status: int | None = None
    answer: dict[str, Wire] | None = None


class OtherBody(WrongFields):
    """The key of a call was used with another body."""

    def __init__(self) -> None:
        super().__init__(["Idempotency-Key: was used here with another body"])


def named_in(answer: object) -> dict[str, Wire]:
    """Return what of an answer is kept."""
    if not isinstance(answer, dict):
        return {}
    return {name: value for name, value in answer.items() if name in NAMING}

"""The version of something that was seen: whoever changes it by what they saw changes nothing newer."""

from collections.abc import Container
from datetime import UTC, datetime, timedelta

from worker.domain.errors import Mistake

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ChangedSince(Mistake):
    """Somebody else has changed it since it was seen."""

    def __init__(self) -> None:
        super().__init__("it was changed since you saw it: read it again, then change it")


def version_of(changed_at: datetime) -> str:
    """Return what a version is told by: when it came to be, in microseconds."""
    return str((changed_at - EPOCH) // timedelta(microseconds=1))


def refuse_unseen(changed_at: datetime, seen: Container[str] | None) -> None:
    """Let a change pass that was made of one of these versions; None lets all pass.

    Raises:
        ChangedSince: there is a newer one.
    """
    if seen is not None and version_of(changed_at) not in seen:
        raise ChangedSince

"""A call or text that a provider lists, without saying which attempt it was."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """One of them: its id, whom it went to, and by what it was sent, where that is said."""

    sid: str
    to: str
    source: str | None

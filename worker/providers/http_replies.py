"""A provider's HTTP reply as a value, and what its headers say about time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from worker.domain.evidence.answers import NotSent, Unknown

# A provider's pause is followed, but a nonsensical one must not park a request for days.
LONGEST_PAUSE = 3600.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. `headers` are found under any case."""

    status: int
    headers: Mapping[str, str]
    text: str


class Unanswered(Exception):
    """No whole reply came; `outcome` says whether the request may have reached the provider.

    It says nothing else: the library's own text may quote an address from the URL.
    """

    def __init__(self, outcome: NotSent | Unknown) -> None:
        self.outcome = outcome
        super().__init__(outcome.code)


def read_date(headers: Mapping[str, str]) -> datetime | None:
    """The provider's own clock, from the Date header: it needs no agreement with ours."""
    try:
        said = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError):
        return None
    return said if said.tzinfo else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds named by Retry-After, in its form as a number."""
    named = headers.get("Retry-After", "").strip()
    return _bound(float(named)) if re.fullmatch(r"\d{1,9}", named) else None


def reset_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until X-RateLimit-Reset (epoch seconds), measured on the provider's own clock."""
    named, now = headers.get("X-RateLimit-Reset", "").strip(), read_date(headers)
    if now is None or not re.fullmatch(r"\d{1,11}", named):
        return None
    return _bound(float(named) - now.timestamp())


def _bound(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_PAUSE)

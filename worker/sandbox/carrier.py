"""The carriers behind the provider: they count segments, and turn down what is too much or unwelcome.

Source: https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding and, for the codes,
https://www.twilio.com/docs/api/errors
"""

from collections import Counter, deque
from dataclasses import dataclass, field

from worker.sandbox.options import Options

MINUTE, DAY = 60.0, 86_400.0
TOO_FAST, DAY_IS_FULL, FILTERED = 30022, 30023, 30007

_ONE = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO = set("\f^{}\\[~]|€")


def segments_of(body: str) -> int:
    """Count the segments that a text is charged as."""
    if set(body) <= _ONE | _TWO:
        return _filled([2 if one in _TWO else 1 for one in body], 160, 153)
    return _filled([2 if ord(one) > 0xFFFF else 1 for one in body], 70, 67)


def _filled(sizes: list[int], alone: int, joined: int) -> int:
    if sum(sizes) <= alone:
        return 1
    segments = used = 0
    for size in sizes:
        if not segments or used + size > joined:
            segments, used = segments + 1, 0
        used += size
    return segments


@dataclass(slots=True)
class SentSoFar:
    """What one registration or number has sent."""

    segments: int = 0
    lately: deque[tuple[float, int]] = field(default_factory=deque)
    by_day: Counter[int] = field(default_factory=Counter)
    most_a_minute: int = 0

    def count(self, segments: int, at: float) -> tuple[int, int]:
        """Count more. Returns what the last minute and this day have had, these included."""
        self.segments += segments
        self.lately.append((at, segments))
        while self.lately[0][0] <= at - MINUTE:
            self.lately.popleft()
        minute = sum(n for _, n in self.lately)
        self.most_a_minute = max(self.most_a_minute, minute)
        self.by_day[int(at // DAY)] += segments
        return minute, self.by_day[int(at // DAY)]


class Networks:
    """All of them together: they judge by the source of a text."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._counted: dict[str, SentSoFar] = {}

    def reset(self) -> None:
        """Forget what was sent."""
        self._counted.clear()

    def judge(self, source: str, segments: int, at: float) -> int | None:
        """Count a text; the code with which a carrier turns it down, or None."""
        limit = self._options.carrier_limits.get(source, {})
        counted = self._counted.setdefault(str(limit.get("name", source)), SentSoFar())
        minute, day = counted.count(segments, at)
        if source in self._options.filtered_sources:
            return FILTERED
        if minute > float(limit.get("per_minute", minute)):
            return TOO_FAST
        return DAY_IS_FULL if day > float(limit.get("per_day", day)) else None

    def summary(self) -> dict[str, dict[str, int]]:
        """By registration or number: its segments, and the most of them in a minute and a day."""
        return {
            name: {
                "segments": one.segments,
                "most_a_minute": one.most_a_minute,
                "most_a_day": max(one.by_day.values(), default=0),
            }
            for name, one in self._counted.items()
        }

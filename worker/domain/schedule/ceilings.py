"""Ceilings of the channels for all batches together, as far as settings say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.domain.schedule.source_limits import SourceLimit
from worker.domain.statuses import Channel

HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """Provider requests a second by channel, and calls under way at once; 0: no limit."""

    voice_per_second: float = 0.0
    sms_per_second: float = 0.0
    concurrent_calls: int = 0
    sources: Mapping[str, SourceLimit] = field(default_factory=dict)
    """What carriers let through of each source of texts, where that is known."""

    def per_hour(self, channel: Channel) -> float | None:
        """Attempts an hour; None: unlimited, or, for mail, many recipients to a request."""
        rates = {Channel.VOICE: self.voice_per_second, Channel.SMS: self.sms_per_second}
        return rates.get(channel, 0.0) * HOUR or None

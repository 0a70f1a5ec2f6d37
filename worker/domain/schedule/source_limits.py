"""What carriers let through of a source, in segments: a minute and a day."""

from dataclasses import dataclass

DAYS_END = "America/Los_Angeles"
"""Where it is midnight when a day's cap begins anew.

https://docs.bird.com/applications/channels/channels/supported-channels/sms/concepts/sms-10dlc/troughput-and-daily-caps
"""
MARGIN = 0.9
"""The share of a minute's limit that is used: what is permitted within six seconds may arrive at once."""


@dataclass(frozen=True, slots=True)
class SourceLimit:
    """A limit, and by its name all that have it together."""

    name: str
    per_minute: int
    per_day: int | None = None

    def per_second(self, largest: int) -> float:
        """At what rate a bucket that holds one text of `largest` segments keeps within any minute's limit."""
        left = self.per_minute * MARGIN - largest
        return max(left, self.per_minute * MARGIN / 2) / 60

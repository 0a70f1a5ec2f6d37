"""Findings of an examination of the house: one for each thing that was looked at."""

from dataclasses import dataclass
from datetime import datetime

from worker.domain.wire import Wire, to_wire


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; when it is not well, `advice` says what to do."""

    what: str
    well: bool
    found: str
    advice: str = ""
    since: datetime | None = None
    """When it was last well, or when it went wrong; None: nobody wrote that down."""

    def to_wire(self) -> dict[str, Wire]:
        """As a program reads it."""
        return {
            "what": self.what,
            "well": self.well,
            "found": self.found,
            "since": to_wire(self.since),
            "advice": None if self.well else self.advice,
        }

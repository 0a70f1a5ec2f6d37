"""The result of an uploaded file."""

from dataclasses import dataclass
from datetime import datetime

from worker.domain.wire import Wire, to_wire


@dataclass(frozen=True, slots=True)
class UploadTold:
    """A file of a batch. `outcome`: what became of its rows; `fault`: why nothing of it was stored."""

    filename: str
    received_at: datetime
    received_by: str
    finished_at: datetime | None
    fault: str | None
    outcome: dict[str, Wire] | None

    def to_wire(self) -> dict[str, Wire]:
        """Its fields in JSON's own types."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}

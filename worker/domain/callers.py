"""Callers: a key's owner, what they may do, and whether they see one campaign alone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.domain.wire import Wire, to_wire


class Role(StrEnum):
    """A caller's role; each includes the one before."""

    READ = "read"
    OPERATE = "operate"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Return whether whoever has this role may do what the other allows."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has shown a key. `campaign`: the only one they see; None: all."""

    owner: str
    role: Role
    campaign: int | None = None


@dataclass(frozen=True, slots=True)
class AccessKey:
    """The facts about a key, which are not the key itself."""

    id: int
    name: str
    owner: str
    role: Role
    campaign_id: int | None
    per_second: int
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None

    @property
    def caller(self) -> Caller:
        """Return the caller who holds it."""
        return Caller(self.owner, self.role, self.campaign_id)

    def to_wire(self) -> dict[str, Wire]:
        """AccessKey under its names on the wire."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}

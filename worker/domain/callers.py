"""Who asks: a key's owner, what they may do, and whether they see one campaign alone."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller may do; each includes the one before."""

    READ = "read"
    OPERATE = "operate"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether whoever has this role may do what the other allows."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has shown a key. `campaign`: the only one they see; None: all."""

    owner: str
    role: Role
    campaign: int | None = None

"""Choosing one of a pool's sources for a recipient: near them, and by weight among those that are.

Weighted rendezvous hashing: each source draws a number for the recipient, and the heaviest draw wins. It
needs no counter that all workers would have to agree on, tells the same to all of them, and a source that is
added takes from the others no more than its share.

D. G. Thaler, C. V. Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on
Networking 6(1), 1998; weights as in J. Schindelhauer, G. Schomaker, "Weighted distributed hash tables", 2005.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import log

from worker.domain.evidence.destination_codes import country_of

NORTH_AMERICA = "+1"
_DIGITS = len("+15125550100")
_DRAWS = 1 << 64


@dataclass(frozen=True, slots=True)
class WeightedSource:
    """One source of a pool."""

    source: str
    weight: int


@dataclass(frozen=True, slots=True)
class SourcePool:
    """The sources of a campaign, by their order."""

    members: tuple[WeightedSource, ...]

    @property
    def sources(self) -> list[str]:
        """Return what it may be sent from."""
        return [one.source for one in self.members]

    def choose(self, identity: str, resting: Container[str] = ()) -> str | None:
        """The source for a recipient who has none yet; None: nothing takes anybody new.

        Args:
            identity: of the recipient; one person has the same source whatever spelling a list has.
            resting: what takes nobody new at present.
        """
        taking = [one for one in self.members if one.weight and one.source not in resting]
        local = [one for one in taking if is_local(one.source, identity)]
        drawn = local or taking
        return min(drawn, key=lambda one: _draw(one, identity)).source if drawn else None


def is_local(source: str, address: str) -> bool:
    """Return whether a number is called or texted from close by.

    Where numbers begin with +1: from its own area code. Elsewhere: from its own country. A source that is no
    phone number is close to nobody.
    """
    if not (source.startswith("+") and address.startswith("+")):
        return False
    place = _place_of(address)
    return place is not None and place == _place_of(source)


@lru_cache(maxsize=100_000)
def _place_of(number: str) -> str | None:
    if number.startswith(NORTH_AMERICA):
        return number[2:5] if len(number) == _DIGITS else None
    return country_of(number)


def _draw(one: WeightedSource, identity: str) -> float:
    """The least of an exponential law of its weight: whose draw is least is as likely as it is heavy."""
    hashed = blake2b(f"{one.source}\0{identity}".encode(), digest_size=8).digest()
    return -log((int.from_bytes(hashed) + 1) / (_DRAWS + 1)) / one.weight


def pool_of(values: Sequence[Mapping[str, object]]) -> SourcePool | None:
    """The pool in a campaign's field; None: it has one source alone."""
    members = [WeightedSource(str(one["source"]), int(str(one["weight"]))) for one in values]
    return SourcePool(tuple(members)) if members else None

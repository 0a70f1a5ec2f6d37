"""By which of its campaign's accounts a request goes: in their order, as they stand, and as its past allows.

Only what an account itself can't undo moves a request on: no byte left us, it refused for its rate, for us
or for all. What rests on looking stays: an account that is down is the one whose lists lie.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from worker.domain.statuses import AttemptState

ABSENT = "absent"
"""The name of an attempt that a provider did not list: as good as unsent to it alone."""
NEVER_LISTED = "never_listed"
"""The same after its doubt's whole time, while the provider listed attempts that were made after it."""
ALL = 100


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account that the campaign lists. `source`: what it sends from; None: the campaign's own."""

    account: str
    source: str | None = None
    is_halted: bool = False
    share: int = ALL
    """Of a hundred whose turn it is, so many go by it."""


@dataclass(frozen=True, slots=True)
class EarlierAttempt:
    """An earlier attempt of a request."""

    account: str
    state: AttemptState
    code: str | None

    @property
    def may_have_arrived(self) -> bool:
        """Return whether nothing but its account's own lists say otherwise, or not even those."""
        absent = self.state is AttemptState.NOT_SENT and self.code == ABSENT
        return absent or self.state is AttemptState.UNRESOLVED


def choose_account(
    ways: Sequence[ListedAccount], tried: Sequence[EarlierAttempt], request: int
) -> ListedAccount | None:
    """The account by which a request goes now; None: it is bound to one that is none of these.

    Where none is well, the least ill one of those that it has not been tried by.
    """
    if bound := {one.account for one in tried if one.may_have_arrived}:
        return next((way for way in ways if {way.account} == bound), None)
    open_ways = [way for way in ways if not way.is_halted] or list(ways)
    unsent = set(_unsent_by(tried))
    fresh = [way for way in open_ways if way.account not in unsent] or open_ways
    turn = turn_of(request)
    return next((way for way in fresh if turn < way.share), None) or max(
        fresh, key=lambda way: way.share
    )


def turn_of(request: int) -> int:
    """A number from 0 to 99 that stays a request's own: neighbours fall far apart."""
    return (request * 2_654_435_761 % 2**32) * ALL >> 32


def _unsent_by(tried: Sequence[EarlierAttempt]) -> Iterable[str]:
    """The accounts that proved it unsent since somebody was contacted last."""
    for one in reversed(tried):
        if one.state is not AttemptState.NOT_SENT:
            return
        yield one.account

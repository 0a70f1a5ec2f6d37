"""One batch in one scan: the facts, whether it is eligible, its share and the requests chosen of it."""

from dataclasses import dataclass, field
from datetime import datetime

from worker.domain.schedule import pace
from worker.domain.schedule.eligibility import Claimable, NotYet, PacingState, is_capped
from worker.store import batch_pace
from worker.store.batch_pace import Next
from worker.store.due_batches import Candidate, LeaseShare


@dataclass(slots=True)
class Candidacy:
    """A batch that a scan looks at; every step of the scan adds what it finds."""

    facts: Candidate
    eligibility: Claimable | NotYet
    share: int = 0
    """How many requests it may claim of all that there is room for."""
    chosen: dict[int, datetime] = field(default_factory=dict)
    """By request: until when it may begin, in the order in which they fell due."""
    next_due: datetime | None = None
    """When its next request falls due, where none is left that is."""

    @property
    def pacing(self) -> PacingState:
        """The facts that decide."""
        return self.facts.pacing

    @property
    def batch(self) -> int:
        """The batch's id."""
        return self.facts.pacing.batch

    @property
    def is_claimable(self) -> bool:
        """True if it may claim now."""
        return isinstance(self.eligibility, Claimable)

    @property
    def most(self) -> int | None:
        """The most it may claim; None: as many as there is room for."""
        return self.eligibility.most if isinstance(self.eligibility, Claimable) else 0

    @property
    def missing(self) -> int:
        """How much of its share is unfilled."""
        return self.share - len(self.chosen)

    @property
    def is_idle(self) -> bool:
        """True if it could claim more than was due."""
        return self.is_claimable and (self.missing > 0 or not self.share)

    def ends_by(self, lease_until: datetime) -> datetime:
        """Until when its requests may begin, under a lease."""
        until = self.eligibility.until if isinstance(self.eligibility, Claimable) else None
        return lease_until if until is None else min(lease_until, until)

    def next_look(self, now: datetime) -> Next:
        """Say when a scan looks at it again, and the allowance it has left then."""
        claims = len(self.chosen)
        allowance = pace.take(self.eligibility.allowance, claims)
        grants = self.facts.grants
        if self.chosen and is_capped(self.pacing):
            grants = (*grants, LeaseShare(max(self.chosen.values()), claims))
        at = now
        match self.eligibility:
            case NotYet(at=later):
                # A cap that is used up by claims alone may be free again when these lapse.
                at = min((later, *(grant.until for grant in grants)))
            case Claimable() if self.is_idle:
                at = batch_pace.idle_until(now, now if claims else self.facts.claimed_at)
                at = at if self.next_due is None else min(at, self.next_due)
            case Claimable(per_hour=float(per_hour)):
                at = pace.next_claim_at(allowance, per_hour)
            case Claimable():
                pass
        return Next(self.batch, at, allowance, bool(claims), grants)

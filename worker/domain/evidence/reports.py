"""Reports of a provider on an attempt it has taken: pushed as a callback, or asked for by sid.

Both come in one shape, because they are folded by one rule. Events of one sid are ordered by
`(rank, sequence, name)`: rank alone can't break a tie between two final words, arrival order must not.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from worker.domain.consent.suppression import Act
from worker.domain.evidence.answers import HaltScope
from worker.domain.statuses import Channel, ChannelStatus, SuppressReason

Position = tuple[int, int, str]
"""(rank, sequence, name): a total order over one sid's events; the greatest one stands."""
DIALED_RANK = 20
"""A call of which a report has this rank or a higher one was dialed: nobody can take it back unheard."""


MISSES = frozenset(
    {"busy", "no-answer", "failed", "canceled", "undelivered", "bounce", "dropped", "fax"}
    | {"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other"}
)
"""The last words, of any channel, that prove that no person was reached. A machine is no person."""


class Meaning(StrEnum):
    """The meaning of a report for the request."""

    UNDERWAY = "underway"
    """It exists at the provider and is not over: proof of acceptance."""
    CONNECTED = "connected"
    """The call was answered and goes on."""
    REACHED = "reached"
    """Over, and the person was reached: COMPLETED."""
    MISSED = "missed"
    """Over, not reached, worth another try by the campaign's policy: busy, no answer, handset off."""
    UNDELIVERABLE = "undeliverable"
    """Over, not reached, and another try would end the same: FAILED."""
    INVALID = "invalid"
    """Over: the address does not exist."""
    OPTED_OUT = "opted_out"
    """Over: refused because this person opted out."""
    NEVER_RANG = "never_rang"
    """Canceled by us while still queued: nobody noticed, no retry is used."""
    SENDER_BARRED = "sender_barred"
    """Over, not reached, for what the campaign's sender is: due again once it may send; no retry used."""
    ACCOUNT_BARRED = "account_barred"
    """The same, for what our account is."""
    NOTED = "noted"
    """Recorded only; proves delivery (open, click, unsubscribe, spam report)."""


BARRED: dict[Meaning, HaltScope] = {
    Meaning.SENDER_BARRED: HaltScope.CAMPAIGN,
    Meaning.ACCOUNT_BARRED: HaltScope.CHANNEL,
}
"""What says the same of everybody else: how much must stop."""


@dataclass(frozen=True, slots=True)
class Report:
    """One thing a provider said.

    `token` is ours, read off the callback's address or custom argument; `sid` the provider's.
    `key` is unique per distinct event of the provider: the inbox stores it once.
    `identity` is whom it names, known only where that may be needed: it says stop, or has no token.
    `mark` came with the token, unread: what it proves is asked only where no attempt is found.
    `is_unknown`: whom it means is not: it failed for a reason that no table of ours has, which may as well
    mean the sender, or for the words, which all may have got.
    """

    channel: Channel
    key: str
    token: UUID | None
    sid: str | None
    name: str
    rank: int
    sequence: int
    meaning: Meaning
    channel_status: ChannelStatus
    code: str | None = None
    suppress: SuppressReason | None = None
    at: datetime | None = None
    identity: str | None = field(default=None, repr=False)
    mark: str = field(default="", repr=False, compare=False)
    is_unknown: bool = field(default=False, compare=False)

    @property
    def is_stray(self) -> bool:
        """True if it came without our token: of a mail of ours, of a person we mailed, or of neither."""
        return self.token is None and self.channel is Channel.EMAIL

    @property
    def act(self) -> Act | None:
        """By which act it suppresses, if it does."""
        return Act(self.name, self.key) if self.suppress else None

    @property
    def position(self) -> Position:
        """Return where the report stands in the fold's order."""
        return (self.rank, self.sequence, self.name)

"""Attempts in doubt, and what will happen next."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from worker.domain.evidence import Timeouts
from worker.domain.statuses import Channel
from worker.domain.wire import Wire, to_wire
from worker.store import doubts, glance
from worker.store.connect import Engine, in_transaction
from worker.store.doubts import Doubt


@dataclass(frozen=True, slots=True)
class OpenDoubt:
    """One attempt in doubt with the sentence that says what happens next."""

    doubt: Doubt
    next_step: str

    def to_wire(self) -> dict[str, Wire]:
        """OpenDoubt under its names on the wire."""
        facts = {
            name: to_wire(value) for name, value in asdict(self.doubt).items() if name != "age"
        }
        return facts | {"next_step": self.next_step}


def doubts_open(
    engine: Engine,
    timeouts: Timeouts,
    limit: int = 100,
    *,
    campaign: int | None = None,
    batch: str = "",
    channel: str = "",
) -> list[OpenDoubt]:
    """Attempts in doubt, oldest first; of one campaign, batch or channel if asked."""
    chosen = doubts.Chosen(campaign, batch, channel)
    found = in_transaction(engine, doubts.in_doubt, limit, chosen)
    return [OpenDoubt(doubt, _next_step(doubt, timeouts)) for doubt in found]


def count_in_doubt(engine: Engine) -> int:
    """Count attempts in doubt."""
    return sum(in_transaction(engine, glance.count_doubts).values())


def _next_step(doubt: Doubt, timeouts: Timeouts) -> str:
    left = max(timedelta(0), timeouts.give_up[doubt.channel] - doubt.age)
    closing = f"closed without a second contact in {round(left.total_seconds())} s"
    if doubt.channel is Channel.EMAIL:
        return f"waits for the mail's events, else {closing}"
    looks = timeouts.empty_lookups - doubt.checks
    return f"asks the provider: {looks} empty looks prove it never arrived, else {closing}"

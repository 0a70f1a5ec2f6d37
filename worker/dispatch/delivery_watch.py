"""How one delivery goes: spans where somebody collects them, durations, and lines in the log."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from worker.dispatch.attempt_log import tell_attempts
from worker.dispatch.provider_loop import Answered
from worker.domain.evidence.answers import Accepted, Throttled
from worker.domain.statuses import Channel
from worker.measures import CLAIM_TO_ACCEPTED, MEASURED, THROTTLED
from worker.providers import boot_clock
from worker.store.chunk_contents import ChunkContents
from worker.tracing import TRACES, SpanMaker


@dataclass(frozen=True, slots=True)
class DeliveryWatch:
    """Tells of a delivery to traces, metrics and the log."""

    channel: Channel
    assignment: ChunkContents
    read_at: float
    """When the contents were read, on `boot_clock`."""
    log_share: float
    """Of accepted attempts so many are told in the log."""

    def tell(self, answered: Sequence[Answered]) -> None:
        """What came back from asking, to whoever collects it."""
        if MEASURED.on:
            self._measure(answered)
        if TRACES.maker is not None:
            self._trace(TRACES.maker, answered)
        tell_attempts(answered, self.log_share)

    def span(self, name: str, **counts: int) -> AbstractContextManager[str | None]:
        """A step of this delivery, where it is traced."""
        return TRACES.span(name, [self.assignment.traceparent], **self._about(), **counts)

    def _measure(self, answered: Sequence[Answered]) -> None:
        """Note how long each accepted one has been on its way, and how many came too fast."""
        channel, since_read = (self.channel.value,), boot_clock() - self.read_at
        claimed_ago = self.assignment.claimed_ago
        for one in answered:
            if isinstance(one.answer, Accepted) and claimed_ago is not None:
                MEASURED.note(CLAIM_TO_ACCEPTED, channel, claimed_ago + since_read)
            elif isinstance(one.answer, Throttled):
                MEASURED.note(THROTTLED, channel, 1)

    def _trace(self, maker: SpanMaker, answered: Sequence[Answered]) -> None:
        """A span for each attempt, from when its provider was asked until it had answered."""
        for one in answered:
            made = self._about() | {"answer": type(one.answer).__name__}
            maker.attempt(one.ticket.token, self.assignment.traceparent, one.seconds or 0.0, made)

    def _about(self) -> dict[str, str | int]:
        here = self.assignment
        return {
            "channel": self.channel.value,
            "batch_id": here.batch_id,
            "campaign": here.campaign,
        }

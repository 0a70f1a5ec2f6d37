"""The durations of the dispatch protocol, and the profiles an operator chooses from."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(gt=0)]


class Timing(BaseModel):
    """The durations of the dispatch protocol, in seconds, with the inequalities that make it safe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tick: Seconds = 0.5
    """How often the scheduler scans for due requests."""
    sweep: Seconds = 5.0
    """How often the scheduler looks for expired batches, doubts and silences."""
    foresee: Seconds = 60.0
    """How often the scheduler looks whether auto-paced batches will finish in time."""
    lease: Seconds = 120.0
    """How long a claim stands before another scheduler may claim the request again."""
    send_window: Seconds = 5.0
    """How long after begin the request may still be written to the provider's socket."""
    connect_timeout: Seconds = 3.0
    read_timeout: Seconds = 35.0
    """Twilio itself gives up at about 30 s; reading longer than that leaves the fewest doubts."""
    first_doubt_lookup: Seconds = 30.0
    """Added to send_window + read_timeout before anybody judges an attempt that went silent."""
    lookup_interval: Seconds = 60.0
    """Between two questions to a provider about the same attempt."""
    empty_lookups: int = Field(3, ge=2)
    """How many empty answers, lookup_interval apart, prove that an attempt never arrived."""
    give_up: Seconds = 900.0
    """After this a doubt about a call or message is closed by policy: never re-sent."""
    mail_doubt: Seconds = 1800.0
    """How long a mail in doubt waits for events, since SendGrid can't be asked."""
    throttle_pause: Seconds = 5.0
    """How long a throttled request waits when the provider names no time."""
    refused_pause: Seconds = 15.0
    """How long a request waits after a connection could not be made."""
    webhook_timeout: Seconds = 10.0
    """How long a receiver of webhooks has for the whole exchange."""
    webhook_pause: Seconds = 10.0
    """Before the second try; it doubles with each, up to six hours."""
    probe: Seconds = 60.0
    """A channel that its provider halted is tried again this often."""
    voice_first_look: Seconds = 300.0
    """An accepted call without a final callback is asked for by sid this long after acceptance."""
    answered_by_wait: Seconds = 60.0
    """How long a call that is over waits for the word who answered, where its campaign minds machines."""
    voice_silence: Seconds = 86_400.0
    sms_silence: Seconds = 43_200.0
    sms_unanswered: Seconds = 86_400.0
    """A text that never got as far as sent, or could not be asked about, is closed after this."""
    mail_silence: Seconds = 259_200.0
    """A message is closed by inference when nothing contradicted it for this long."""

    @model_validator(mode="after")
    def _inequalities_hold(self) -> Self:
        if self.lease <= self.send_window + self.tick:
            raise ValueError("lease must be longer than send_window + tick")
        if self.proven < self.lease + self.read_timeout:
            raise ValueError(
                "unanswered + lookup_interval * (empty_lookups - 1) must be at least lease + read_timeout"
            )
        if self.connect_timeout > self.read_timeout:
            raise ValueError("connect_timeout must not exceed read_timeout")
        if self.give_up <= self.unanswered + self.lookup_interval * self.empty_lookups:
            raise ValueError("give_up must leave room for empty_lookups questions")
        if self.mail_doubt <= self.unanswered:
            raise ValueError(
                "mail_doubt must exceed send_window + read_timeout + first_doubt_lookup"
            )
        if self.answered_by_wait >= self.voice_silence:
            raise ValueError("answered_by_wait must be shorter than voice_silence")
        return self

    @property
    def unanswered(self) -> float:
        """Seconds after begin when a worker that still runs must have recorded its answer."""
        return self.send_window + self.read_timeout + self.first_doubt_lookup

    @property
    def drain(self) -> float:
        """Seconds a worker that is asked to stop waits for answers, and for the store to take them."""
        return self.send_window + self.read_timeout

    @property
    def health_window(self) -> float:
        """Seconds over which an account's answers are judged, and that each step of its way back lasts.

        What was asked before a switch has been answered once the next one is due.
        """
        return max(self.probe, self.drain)

    @property
    def slow_answer(self) -> float:
        """Seconds beyond which a good answer speaks against the account, too."""
        return self.read_timeout / 2

    @property
    def health(self) -> tuple[float, float]:
        """Return the window of an account's health and what is a slow answer, in seconds."""
        return self.health_window, self.slow_answer

    @property
    def proven(self) -> float:
        """Seconds after begin when absence may count as proven.

        A worker that stands still for longer than its lease writes nothing more; what one that was away
        for less had written may take as long as an answer to arrive.
        """
        return self.unanswered + self.lookup_interval * (self.empty_lookups - 1)


FAST = Timing(
    tick=0.2,
    sweep=0.5,
    foresee=1.0,
    lease=5.0,
    send_window=2.0,
    connect_timeout=1.0,
    read_timeout=2.0,
    first_doubt_lookup=1.0,
    lookup_interval=1.0,
    empty_lookups=3,
    give_up=20.0,
    mail_doubt=8.0,
    throttle_pause=0.5,
    refused_pause=0.5,
    probe=1.0,
    webhook_timeout=1.0,
    webhook_pause=0.3,
    voice_first_look=4.0,
    answered_by_wait=2.0,
    voice_silence=60.0,
    sms_silence=6.0,
    sms_unanswered=20.0,
    mail_silence=20.0,
)
PROFILES: dict[str, Timing] = {"production": Timing(), "fast": FAST}

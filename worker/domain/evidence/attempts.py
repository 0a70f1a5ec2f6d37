"""An attempt as the rules see it, and the one change a rule may ask for."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from worker.domain.consent.suppression import Act
from worker.domain.evidence.reports import Position
from worker.domain.evidence.retries import USUAL, RetryRules
from worker.domain.statuses import (
    FINAL,
    AttemptState,
    Cause,
    Channel,
    ChannelStatus,
    RequestStatus,
    SuppressReason,
)

OPEN = frozenset({AttemptState.SENDING, AttemptState.IN_DOUBT, AttemptState.ACCEPTED})
"""States with a deadline by which somebody looks."""

# Only what an attempt's own answer, events or silence reached may later evidence of it revise.
REVISABLE = frozenset(
    {Cause.DISPATCH, Cause.CALLBACK, Cause.RECONCILE, Cause.INFERENCE, Cause.RETRY}
)

PERSONS = frozenset({ChannelStatus.HUMAN, ChannelStatus.UNKNOWN})
"""Who answered, where it was no machine; whoever can't be told apart counts as a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of an attempt and its request, read under their locks."""

    attempt: int
    request: int
    channel: Channel
    state: AttemptState
    sid: str | None
    position: Position | None
    is_current: bool
    checks: int
    age: timedelta
    request_status: RequestStatus
    channel_status: ChannelStatus
    moved_by: Cause
    attempt_count: int
    attempts_allowed: int
    retry_interval: timedelta
    batch_lives: bool
    resend_in_doubt: bool
    attempt_number: int = 1
    retry_on: tuple[str, ...] = USUAL
    retry_delays: tuple[tuple[str, timedelta], ...] = ()
    detects_machines: bool = False
    """Whether the campaign minds who answers: then a call that is over waits for that word."""
    time_left: timedelta | None = None
    """Until the batch expires; None: it never does."""
    token: UUID | None = None
    """What it is known by on the wire; its number alone may be given out again by a restored database."""
    others_listed: bool = False
    """Whether the campaign lists other accounts than the attempt's."""
    others_left: int = 0
    """How many of those have not yet proved this request unsent, or refused it."""
    batch_id: str | None = None
    """The operator's name for its batch, for the log."""

    @property
    def retry_rules(self) -> RetryRules:
        """Return what the campaign says about trying again."""
        return RetryRules(
            interval=self.retry_interval, on=self.retry_on, delays=dict(self.retry_delays)
        )

    @property
    def lost(self) -> int:
        """Return how many attempts so far never reached the provider, this one included if it did not."""
        return max(0, self.attempt_number - self.attempt_count)

    @property
    def revisable(self) -> bool:
        """Return whether this attempt's evidence may move the request."""
        unmoved = self.request_status in {RequestStatus.CANCELED, RequestStatus.DUPLICATE}
        final = self.request_status in FINAL
        return self.is_current and not unmoved and (not final or self.moved_by in REVISABLE)

    @property
    def person_answered(self) -> bool:
        """Return whether a call that goes on was told to be with a person, or with nobody can tell whom."""
        return self.request_status is RequestStatus.CONNECTED and self.channel_status in PERSONS

    @property
    def awaits_answered_by(self) -> bool:
        """Return whether the call is over, and only who answered it is still to be told."""
        over = self.channel_status is ChannelStatus.COMPLETED and self.revisable
        return (
            over
            and self.state is AttemptState.ACCEPTED
            and self.request_status is RequestStatus.CONNECTED
        )

    @property
    def forgiven(self) -> bool:
        """Return whether the request waits for another attempt that was given for this one.

        It never rang, or its sender or the account was refused.
        """
        return (
            self.state is AttemptState.DONE
            and self.request_status is RequestStatus.PENDING
            and self.channel_status in {ChannelStatus.CANCELED, ChannelStatus.PENDING}
            and self.moved_by is Cause.RETRY
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move of the request to a status. `due_in` is set exactly when it goes (back) to PENDING."""

    status: RequestStatus
    channel_status: ChannelStatus
    cause: Cause
    why: str | None = None
    error_code: str | None = None
    due_in: timedelta | None = None
    extra_attempts: int = 0
    group_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The change that one piece of evidence makes: to the attempt, and through it to its request.

    `check_in` is set exactly when the attempt stays open: the next time somebody looks.
    """

    facts: Facts
    state: AttemptState
    check_in: timedelta | None = None
    checks: int = 0
    sid: str | None = None
    position: Position | None = None
    error_code: str | None = None
    late: bool = False
    move: Move | None = None
    suppress: SuppressReason | None = None
    act: Act | None = None
    """By which act, where that has an id of its own; else it is this attempt's answer."""

    @property
    def counted(self) -> int:
        """Return how this changes the request's attempt_count: -1, 0 or 1."""
        return int(self.state is not AttemptState.NOT_SENT) - int(
            self.facts.state is not AttemptState.NOT_SENT
        )

"""The gate in front of begin: waits for permits, or says that none came in time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import Protocol

import structlog
from redis import RedisError

from worker.domain.accounts import MAIN
from worker.domain.schedule.source_limits import SourceLimit
from worker.domain.statuses import Channel
from worker.heartbeat import HEART
from worker.limits.bucket import Bucket, Buckets
from worker.measures import MEASURED, PERMIT_WAIT

log = structlog.get_logger()

# Never sleep longer: somebody may have given permits back.
LONGEST_NAP = 1.0


def no_rate(account: str, channel: Channel) -> float:  # noqa: ARG001  as it is asked
    """Any number, of whatever account."""
    return 0.0


def no_limit(source: str) -> SourceLimit | None:  # noqa: ARG001  as it is asked
    """No carrier's limit is known."""
    return None


class Closed(Exception):
    """No permit came in time: nothing may begin."""


class Stopping(Closed):
    """This process is about to end: what has not begun is for others."""

    def __init__(self) -> None:
        super().__init__("the worker is stopping")


@dataclass(frozen=True, slots=True)
class WantedPermits:
    """Permits that are wanted of a source: for texts one for each segment."""

    total: int
    first: int = 1
    """Of the first request: fewer are of no use."""
    largest: int = 1
    """Of the largest one."""


class Gate(Protocol):
    """The gate that grants permits for requests to a provider."""

    def counts_segments(self, channel: Channel) -> bool:
        """Return whether the permits of this channel are for segments of texts."""

    def stop(self) -> None:
        """From here on nothing is permitted; whoever waits waits no longer."""

    def reserve(self, channel: Channel, source: str, wanted: int, account: str = MAIN) -> int:
        """Wait for at least one and at most `wanted` permits.

        Raises:
            Closed: none came in time.
            Stopping: none will.
        """

    def reserve_any(
        self, channel: Channel, wanted: Mapping[str, WantedPermits], account: str = MAIN
    ) -> dict[str, int]:
        """The same for several sources: wait for at least one permit, of whichever of them.

        Returns:
            how many permits each has; who has none is left out.
        """

    def return_unused(
        self, channel: Channel, source: str, *, reserved: int, used: int, account: str = MAIN
    ) -> None:
        """Return what was not used, or owe what was used beyond."""

    def slow(self, channel: Channel, source: str, after: float | None, account: str = MAIN) -> None:
        """The provider refused for its rate; it named `after` seconds, or none."""


@dataclass(frozen=True, slots=True)
class OpenGate:
    """No limits: for a sandbox."""

    stopped: Event = field(default_factory=Event)

    def stop(self) -> None:
        """See `Gate`."""
        self.stopped.set()

    def counts_segments(self, channel: Channel) -> bool:  # noqa: ARG002  it counts nothing
        """Nothing is counted."""
        return False

    def reserve(self, channel: Channel, source: str, wanted: int, account: str = MAIN) -> int:  # noqa: ARG002
        """All of them."""
        if self.stopped.is_set():
            raise Stopping
        return wanted

    def reserve_any(
        self, channel: Channel, wanted: Mapping[str, WantedPermits], account: str = MAIN
    ) -> dict[str, int]:
        """All of them."""
        return {
            source: self.reserve(channel, source, one.total, account)
            for source, one in wanted.items()
        }

    def return_unused(
        self, channel: Channel, source: str, *, reserved: int, used: int, account: str = MAIN
    ) -> None:
        """Nothing is kept."""

    def slow(self, channel: Channel, source: str, after: float | None, account: str = MAIN) -> None:
        """The request's own pause is all."""


@dataclass(frozen=True, slots=True)
class SharedGate:
    """Permissions shared by all processes through one server.

    While the server is away nothing begins: it is usually the broker, without which nothing is
    delivered, and a rate of one's own would multiply with the number of processes.
    """

    buckets: Buckets
    per_second: Mapping[Channel, float]
    """By channel; 0: unlimited."""
    patience: float
    """Seconds to wait for a permit: well within a claim's lease."""
    rate_of: Callable[[str, Channel], float] = no_rate
    """The same of accounts beside the main one."""
    limit_of: Callable[[str], SourceLimit | None] = no_limit
    """What carriers let through of a source; it then stands for the rate of texts."""
    clock: Callable[[], float] = monotonic
    stopped: Event = field(default_factory=Event)

    def stop(self) -> None:
        """See `Gate`."""
        self.stopped.set()

    def reserve(self, channel: Channel, source: str, wanted: int, account: str = MAIN) -> int:
        """See `Gate`."""
        return self.reserve_any(channel, {source: WantedPermits(wanted)}, account).get(source, 0)

    def counts_segments(self, channel: Channel) -> bool:
        """See `Gate`."""
        return channel is Channel.SMS

    def reserve_any(
        self, channel: Channel, wanted: Mapping[str, WantedPermits], account: str = MAIN
    ) -> dict[str, int]:
        """See `Gate`."""
        asked_at = self.clock()
        try:
            return self._wait(channel, wanted, account, asked_at + self.patience)
        finally:
            MEASURED.note(PERMIT_WAIT, (channel.value,), self.clock() - asked_at)

    def _wait(
        self, channel: Channel, wanted: Mapping[str, WantedPermits], account: str, ends: float
    ) -> dict[str, int]:
        while not self.stopped.is_set():
            given, wait = self._take(channel, wanted, account)
            if given or not wanted:
                return given
            if self.clock() + wait > ends:
                raise Closed("no permit within the time of a lease")
            HEART.beat(LONGEST_NAP)
            self.stopped.wait(min(wait, LONGEST_NAP))
        raise Stopping

    def _take(
        self, channel: Channel, wanted: Mapping[str, WantedPermits], account: str
    ) -> tuple[dict[str, int], float]:
        """What each source is given now, and where none is: seconds until it is worth asking again."""
        given, waits = dict[str, int](), list[float]()
        for source, one in wanted.items():
            bucket = self._bucket(channel, source, account, one.largest)
            if bucket is None or one.total <= 0:
                given[source] = one.total
                continue
            permits, wait = self._ask(bucket, one)
            if permits:
                given[source] = permits
            waits.append(wait)
        return given, min(waits, default=0.0)

    def _ask(self, bucket: Bucket, wanted: WantedPermits) -> tuple[int, float]:
        try:
            return self.buckets.take(bucket, wanted.total, wanted.first)
        except RedisError as error:
            log.error("limits_unreachable", error=type(error).__name__)
            raise Closed("the server of the limits is away") from None

    def return_unused(
        self, channel: Channel, source: str, *, reserved: int, used: int, account: str = MAIN
    ) -> None:
        """See `Gate`; when the server is away, the permits are lost."""
        bucket = self._bucket(channel, source, account)
        if bucket is None or reserved == used:
            return
        try:
            self.buckets.give_back(bucket, reserved - used)
        except RedisError as error:
            log.warning("permits_lost", error=type(error).__name__)

    def slow(self, channel: Channel, source: str, after: float | None, account: str = MAIN) -> None:
        """See `Gate`."""
        bucket = self._bucket(channel, source, account)
        if bucket is None:
            return
        try:
            pause = self.buckets.slow(bucket, after)
        except RedisError as error:
            log.warning("slowing_lost", error=type(error).__name__)
        else:
            log.warning("channel_slowed", channel=channel.value, seconds=round(pause, 3))

    def _bucket(
        self, channel: Channel, source: str, account: str, largest: int = 1
    ) -> Bucket | None:
        limit = self.limit_of(source) if channel is Channel.SMS else None
        if limit is not None:
            return Bucket(f"carrier:{limit.name}", limit.per_second(largest), largest)
        rate = self.per_second[channel] if account == MAIN else self.rate_of(account, channel)
        if not rate:
            return None
        # Twilio limits texts by sender; calls and mail requests by account.
        of = channel.value if account == MAIN else f"{channel.value}@{account}"
        name = f"{of}:{source}" if channel is Channel.SMS else of
        return Bucket(name, rate, largest)

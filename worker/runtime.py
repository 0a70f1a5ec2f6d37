"""Settings become engine, line and limits: built once per process, after any fork.

A part's module is imported with the part: a command that lists things needs the store and no more.
"""

from dataclasses import astuple, dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from config.addresses import webhook_key
from config.settings import Settings
from worker.dispatch.database_identity import recognition_of
from worker.domain.audit import AuditDoor
from worker.domain.consent.suppression import SuppressScope
from worker.domain.database_identity import Recognition
from worker.domain.evidence import Timeouts
from worker.domain.evidence.marks import derive_key
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.source_limits import SourceLimit
from worker.domain.statuses import Channel
from worker.store import audit, database_identity, identity_stores
from worker.store import connect as store
from worker.store.connect import Engine, StoreRefused, StoreUnavailable
from worker.store.identity_stores import IdentityStore
from worker.waits import timeouts_of

if TYPE_CHECKING:
    from worker.account_book import AccountBook
    from worker.desk.key_ring import KeyRing
    from worker.desk.minutes import Minutes
    from worker.dispatch.answer_buffer import AnswerBuffer
    from worker.dispatch.deliver import DeliveryLimits
    from worker.dispatch.follower import Follower
    from worker.dispatch.provider_loop import ProviderLoop
    from worker.dispatch.scan import ScanLimits
    from worker.dispatch.webhooks import Post, WebhookSender
    from worker.limits import Gate
    from worker.providers.webhook_client import WebhookClient

__all__ = ["AuditDoor", "Runtime", "StoreRefused", "StoreUnavailable", "build"]


@dataclass(frozen=True)
class Runtime:
    """The parts that a door hands to a use case. Each part is made when it is first asked for."""

    settings: Settings
    door: AuditDoor = AuditDoor.SYSTEM

    @cached_property
    def engine(self) -> Engine:
        """The store, with the timeouts a worker needs."""
        engine = self._connect()
        self.pin.hold(engine)
        return engine

    @cached_property
    def pin(self) -> database_identity.Pin:
        """Hold that engine to its database, until another one was accepted in its place."""
        return database_identity.Pin(self._may_follow)

    def _may_follow(self, timeline: int) -> bool:
        from worker.dispatch.begun import BEGUN

        free = BEGUN.is_closed or not BEGUN.is_enrolled
        if free and recognition_of(self._elsewhere(), self.memories) is Recognition.KNOWN:
            return True
        if roll := identity_stores.roll_of(self.memories):
            roll.call(timeline)  # whoever meets it first: those who begin may be idle
        return False

    @cached_property
    def follower(self) -> "Follower | None":
        """Return what keeps this process's word on the roll; None where no server keeps one."""
        from worker.dispatch.follower import Follower

        roll = identity_stores.roll_of(self.memories)
        if roll is None:
            return None
        return Follower(self.engine, self.pin, self._elsewhere, self.memories, roll)

    def _elsewhere(self) -> Engine:
        """An engine whose next connection goes to whichever database answers now."""
        self._unpinned_engine.dispose()
        return self._unpinned_engine

    @cached_property
    def patient_engine(self) -> Engine:
        """The store without those timeouts, for work that may take minutes: an upload."""
        return self._connect(pool_size=1, guarded=False)

    @cached_property
    def console_engine(self) -> Engine:
        """The store for what people do in a browser."""
        return audit.through(self.engine, AuditDoor.CONSOLE)

    @cached_property
    def patient_console_engine(self) -> Engine:
        """The same for their uploads."""
        return audit.through(self.patient_engine, AuditDoor.CONSOLE)

    @cached_property
    def key_ring(self) -> "KeyRing":
        """Return whose key is whose."""
        from worker.desk.key_ring import KeyRing

        return KeyRing(self.engine)

    @cached_property
    def minutes(self) -> "Minutes":
        """Return what this process remembers of the last hour."""
        from worker.desk.minutes import Minutes

        return Minutes()

    @cached_property
    def answer_buffer(self) -> "AnswerBuffer":
        """Holds what the store does not take."""
        from worker.dispatch.answer_buffer import AnswerBuffer

        return AnswerBuffer(drain=self.settings.timing.drain, successor=self._successor)

    def _successor(self) -> Engine:
        """The way to another database in the first one's place.

        Raises:
            StoreUnavailable: no operator has accepted it, or it is away too.
        """
        if recognition_of(self._elsewhere(), self.memories) is not Recognition.KNOWN:
            raise StoreUnavailable("nobody has accepted the database in the first one's place")
        return self._unpinned_engine

    @cached_property
    def _unpinned_engine(self) -> Engine:
        return self._connect()

    def _connect(self, pool_size: int | None = None, *, guarded: bool = True) -> Engine:
        return store.connect(
            self.settings.database_url,
            pool_size=pool_size or self.settings.worker_threads + 2,
            guarded=guarded,
            suppress_scope=SuppressScope(self.settings.suppress_scope),
            door=self.door,
            profile=self.settings.profile,
        )

    @cached_property
    def account_book(self) -> "AccountBook":
        """Return the accounts beside the main one."""
        from worker.account_book import AccountBook

        return AccountBook(self.settings.accounts_file)

    @cached_property
    def provider_loop(self) -> "ProviderLoop":
        """The event loop with the providers' connections."""
        from worker.carriers import connect_carriers
        from worker.dispatch.provider_loop import ProviderLoop

        return ProviderLoop(lambda: connect_carriers(self.settings, self.account_book))

    def close_provider_loop(self) -> None:
        """Close the line, where anybody has asked for it."""
        if "provider_loop" in vars(self):
            self.provider_loop.close()

    def close(self) -> None:
        """Hang up, wherever anybody was called."""
        self.close_provider_loop()
        for name in {"engine", "patient_engine"} & vars(self).keys():
            vars(self)[name].dispose()

    @cached_property
    def gate(self) -> "Gate":
        """Return how fast the providers may be asked, over all processes."""
        from redis import Redis

        from worker.limits import Buckets, OpenGate, SharedGate

        settings = self.settings
        if not (any(self.rates.values()) or self.source_limits or settings.accounts_file):
            return OpenGate()
        # A short timeout: a thread that waits for the server holds a chunk under its lease.
        server = Redis.from_url(settings.limits_address, socket_timeout=2.0)
        return SharedGate(
            Buckets(server, settings.names.limits),
            self.rates,
            patience=settings.timing.lease / 4,
            rate_of=self.account_book.rate_of,
            limit_of=self.source_limits.get,
        )

    @cached_property
    def source_limits(self) -> dict[str, SourceLimit]:
        """Limits of carriers, by source."""
        found = self.settings.read_sources()
        return {source: SourceLimit(*astuple(one)) for source, one in found.items()}

    @cached_property
    def memories(self) -> list[IdentityStore]:
        """Return where, outside of the database, it is remembered which one it is."""
        at, name = self.settings, self.settings.names.memory
        return identity_stores.open_identity_stores(
            at.state_dir, at.broker_url, at.limits_address, key=name
        )

    @property
    def webhook_secrets(self) -> list[bytes]:
        """The keys that sign webhooks, newest first."""
        secrets = (self.settings.webhook_secret, self.settings.webhook_previous_secret)
        return [webhook_key(secret) for secret in secrets if secret]

    def receivers(self) -> "WebhookClient":
        """The way to the receivers of webhooks, inside a running event loop."""
        from worker.providers.webhook_client import WebhookClient

        return WebhookClient(
            timeout=self.settings.timing.webhook_timeout,
            allow_private=self.settings.webhook_allow_private,
        )

    def teller(self, receivers: "Post") -> "WebhookSender":
        """Return what tells them."""
        from worker.dispatch.webhooks import WebhookLimits, WebhookSender
        from worker.domain.contract.webhooks import Backoff

        timing = self.settings.timing
        limits = WebhookLimits(
            timeout=timedelta(seconds=timing.webhook_timeout),
            tick=timing.tick,
            backoff=Backoff(first=timedelta(seconds=timing.webhook_pause)),
        )
        return WebhookSender(self.engine, receivers, self.webhook_secrets, limits)

    @property
    def ceilings(self) -> Ceilings:
        """Return what the channels allow all batches together."""
        return Ceilings(
            voice_per_second=self.rates[Channel.VOICE],
            sms_per_second=self.rates[Channel.SMS],
            concurrent_calls=self.settings.voice_concurrent,
            sources=self.source_limits,
        )

    @property
    def scan_limits(self) -> "ScanLimits":
        """Return how much a scan may claim."""
        from worker.dispatch.scan import ScanLimits

        return ScanLimits(
            lease=timedelta(seconds=self.settings.timing.lease),
            chunk_size=self.settings.chunk_size,
            backlog_chunks=self.settings.backlog_chunks,
            group_size=self.settings.recipients_per_mail_request,
            concurrent_calls=self.settings.voice_concurrent,
            per_second=self.rates,
        )

    @property
    def rates(self) -> dict[Channel, float]:
        """Requests a second that each provider permits; 0: any number."""
        return {channel: self.settings.rate_of(channel.value) for channel in Channel}

    @property
    def delivery_limits(self) -> "DeliveryLimits":
        """Durations and sizes of a delivery."""
        from worker.dispatch.deliver import DeliveryLimits, health_rules

        return DeliveryLimits(
            send_window=timedelta(seconds=self.settings.timing.send_window),
            answer_time=timedelta(seconds=self.settings.timing.unanswered),
            flush_rows=self.settings.flush_rows,
            flush_seconds=self.settings.flush_seconds,
            at_once=self.settings.chunk_size,
            group_size=self.settings.recipients_per_mail_request,
            timeouts=self.timeouts,
            attempt_log_share=self.settings.attempt_log_share,
            concurrent_calls=self.settings.voice_concurrent,
            mark_key=self.mark_keys[0],
            limit_of=self.source_limits.get,
            source_rest=timedelta(hours=self.settings.source_rest_hours),
            health=health_rules(*self.settings.timing.health),
        )

    @cached_property
    def mark_keys(self) -> list[bytes]:
        """The keys that tokens are marked with, newest first; no other deployment has them."""
        names = self.settings.public_url, self.settings.namespace
        return [derive_key(secret, *names) for secret in self.settings.twilio_auth_tokens]

    @property
    def timeouts(self) -> Timeouts:
        """Return how long each kind of waiting lasts."""
        return timeouts_of(self.settings)


def build(settings: Settings, door: AuditDoor = AuditDoor.SYSTEM) -> Runtime:
    """A runtime that has connected to nothing yet; what is done with it came in by this door."""
    return Runtime(settings, door)

"""The steps of one delivery: render, reserve, begin, send, record, leave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from worker.dispatch.account_health import note_answers
from worker.dispatch.answer_buffer import AnswerBuffer
from worker.dispatch.begun import BEGUN
from worker.dispatch.daily_caps import CountedToday, count_today, give_back
from worker.dispatch.delivery_limits import Delivered, DeliveryLimits
from worker.dispatch.delivery_watch import DeliveryWatch
from worker.dispatch.drafts import render_drafts
from worker.dispatch.grouping import form_of, group_tickets, portions
from worker.dispatch.halt import halt_without_source
from worker.dispatch.permits import Permits, Reserved
from worker.dispatch.provider_loop import Answered, ProviderLoop
from worker.dispatch.record import record
from worker.domain.content.tickets import Content, Ticket
from worker.domain.schedule.hand_backs import HandBack
from worker.domain.schedule.validity import validity
from worker.domain.statuses import Channel
from worker.limits import Closed, Gate, Stopping
from worker.providers import Moment
from worker.store import attempts, batch_pace, queue
from worker.store.attempts import Way
from worker.store.chunk_contents import ChunkContents
from worker.store.connect import Connection, Engine, in_one_statement, in_transaction
from worker.store.queue import Chunk

log = structlog.get_logger()


class LeaseExpired(Exception):
    """Nothing of what was asked for is still ours: permits would be wasted on the rest."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The steps of one delivery, with all they know."""

    engine: Engine
    provider_loop: ProviderLoop
    limits: DeliveryLimits
    gate: Gate
    answer_buffer: AnswerBuffer
    chunk: Chunk
    assignment: ChunkContents
    watch: DeliveryWatch
    valid_until: Mapping[int, float]
    """Until when a request may arrive, on `boot_clock`; those without an end in sight are left out."""
    delivered: Delivered
    begun: set[int] = field(default_factory=set)
    """The requests of which an attempt began."""

    def carry_out(self) -> Collection[int]:
        """All but taking up and leaving. Returns the requests that got no permit in time."""
        counted = self.count_today(self.render())
        try:
            return self.send_permitted(counted.contents)
        finally:
            if counted.by_request:
                in_transaction(self.engine, give_back, counted, self.begun)

    def send_permitted(self, contents: Mapping[int, Content]) -> Collection[int]:
        """Begin and send, as permits come. Returns those that got none in time."""
        left = dict(contents)
        try:
            for portion in portions(contents, self.limits.at_once):
                share = self.group_size if form_of(next(iter(portion.values()))) is not None else 1
                for permitted, reserved in self.permits.reserve(portion, share):
                    self.contact(permitted, reserved)
                    for request in permitted:
                        del left[request]
        except Stopping:
            in_transaction(self.engine, queue.release, self.chunk)
            self.delivered.handed_back[HandBack.STOPPING] += len(left)
        except LeaseExpired:
            self.delivered.handed_back[HandBack.LEASE_OVER] += len(left)
        except Closed as closed:
            log.info("not_permitted_in_time", why=str(closed))
            return left
        return ()

    def count_today(self, contents: Mapping[int, Content]) -> CountedToday:
        """Count texts under their carriers' daily caps; those that don't fit wait for the next day."""
        limit_of, of = self.limits.limit_of, self.assignment
        if self.chunk.channel is not Channel.SMS or not any(
            map(limit_of, {of.source, *of.sources.values()})
        ):
            return CountedToday(contents)
        counted = in_transaction(self.engine, count_today, self.chunk, of, contents, limit_of)
        if counted.waiting:
            self.delivered.handed_back[HandBack.DAY_IS_FULL] += counted.waiting
        return counted

    def tell_unplaced(self) -> None:
        """Count who waits for a source; where none takes them, nothing of the campaign goes on."""
        if self.assignment.waiting:
            self.delivered.handed_back[HandBack.SOURCE_RESTS] += self.assignment.waiting
        if self.assignment.is_exhausted:
            halt_without_source(self.engine, self.assignment.campaign)

    @property
    def permits(self) -> Permits:
        """The permits it asks of the gate."""
        return Permits(self.gate, self.chunk.channel, self.assignment)

    @property
    def group_size(self) -> int:
        """How many mails may share a request."""
        return self.limits.group_size if self.provider_loop.groups(self.assignment.account) else 1

    def contact(self, permitted: Mapping[int, Content], reserved: Reserved) -> None:
        """Begin and send; permits of what did not begin are returned, whatever the reason."""
        groups: list[list[Ticket]] = []
        try:
            with self.watch.span("begin", requests=len(permitted)):
                tickets, deadline = self.begin(permitted)
            groups = group_tickets(tickets, self.group_size)
        finally:
            self.permits.return_unused(reserved, groups)
        self.send(groups, deadline)

    def render(self) -> dict[int, Content]:
        """Render what each is told; close what can't be rendered."""
        contents, faults = render_drafts(self.assignment)
        if faults:
            lease = self.chunk.lease
            in_transaction(self.engine, queue.fail_unsent, lease, "render", faults)
            self.delivered.handed_back[HandBack.RENDER] += len(faults)
        return contents

    def begin(self, contents: Mapping[int, Content]) -> tuple[list[Ticket], Moment]:
        """The tickets of what may be sent now, and until when; the rest is handed back."""
        asked_at = Moment.now()  # before asking: the database counts from later on
        limits = self.limits
        in_time = self._in_time(contents, asked_at.boot + limits.send_window.total_seconds())
        if not in_time:
            self._count_late(contents, in_time)
            return [], asked_at
        with BEGUN.asking() as note:
            begun, handed_back = in_one_statement(
                self.engine,
                attempts.begin,
                self.chunk,
                in_time,
                send_window=limits.send_window,
                answer_time=limits.answer_time,
                limit=limits.concurrent_calls,
                version=self.assignment.version,
                way=Way(self.assignment.account, self.assignment.sources_of(in_time)),
            )
            note(begun)
        if not begun and not handed_back:
            raise LeaseExpired
        self._count_late(contents, in_time)
        self.delivered.handed_back.update(handed_back.values())
        self.begun.update(one.request for one in begun)
        tickets = self.assignment.tickets(begun, contents, self.valid_until, limits.mark_key)
        return tickets, asked_at.later(min((one.send_within for one in begun), default=0.0))

    def _in_time(self, contents: Mapping[int, Content], sent_by: float) -> list[int]:
        """Those that may still arrive when they are sent; the others' lease ends soon after."""
        ends = self.valid_until
        return [one for one in contents if validity(ends.get(one), sent_by) is not None]

    def _count_late(self, contents: Mapping[int, Content], in_time: Sequence[int]) -> None:
        if len(in_time) < len(contents):
            self.delivered.handed_back[HandBack.TOO_LATE] += len(contents) - len(in_time)

    def send(self, groups: Sequence[Sequence[Ticket]], deadline: Moment) -> None:
        """Send all at once, and record each answer as it comes."""
        channel, limits = self.chunk.channel, self.limits
        for answered in self.provider_loop.send(
            groups,
            channel,
            deadline=deadline,
            flush_rows=limits.flush_rows,
            flush_seconds=limits.flush_seconds,
            answer_time=limits.answer_time.total_seconds(),
            account=self.assignment.account,
        ):
            self.permits.slow_down(answered)
            if len(self.assignment.ways) > 1:
                here = self.assignment
                note_answers(self.engine, here.account, channel, answered, limits.health)
            self.watch.tell(answered)
            with self.watch.span("answer", answers=len(answered)):
                self.record(answered)
            self.delivered.answers.update(type(one.answer).__name__ for one in answered)

    def record(self, answered: Sequence[Answered]) -> None:
        """The answers exist only here: they wait for the store, however long it takes none."""
        timeouts, chunk, sent = self.limits.timeouts, self.chunk, self.assignment
        self.answer_buffer.until_taken(
            self.engine,
            lambda engine: record(
                engine,
                timeouts,
                sent.campaign,
                chunk.channel,
                answered,
                chunk.batch,
                sent.account,
                pooled=sent.pool is not None,
            ),
            answers=len(answered),
        )

    def leave(self) -> None:
        """Uncount the delivery of what is left to its lease, and return a rate paid for nothing."""
        taken = [draft.request for draft in self.assignment.drafts]
        unspent = sum(n for why, n in self.delivered.handed_back.items() if why.returns_rate)

        def step(connection: Connection) -> None:
            queue.uncount_delivery(connection, self.chunk.lease, taken)
            if unspent:
                batch_pace.give_back(connection, self.chunk.batch, unspent)

        self.answer_buffer.until_taken(self.engine, lambda engine: in_transaction(engine, step))

"""Send one chunk: the only use case that contacts anybody."""

from dataclasses import dataclass, replace
from datetime import timedelta
from json import dumps
from time import monotonic

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from worker.dispatch.account_health import health_rules
from worker.dispatch.answer_buffer import AnswerBuffer
from worker.dispatch.chunk_summary import counts_of
from worker.dispatch.delivery import Delivery
from worker.dispatch.delivery_limits import Delivered, DeliveryLimits
from worker.dispatch.delivery_watch import DeliveryWatch
from worker.dispatch.drafts import valid_until
from worker.dispatch.provider_loop import ProviderLoop
from worker.dispatch.source_choice import choose_sources
from worker.dispatch.ways import deliver_by_account
from worker.domain.schedule.hand_backs import HandBack
from worker.limits import Gate, OpenGate
from worker.providers import boot_clock
from worker.store import batch_pace, chunk_contents, dead_letters, queue
from worker.store.chunk_contents import ChunkContents
from worker.store.connect import (
    Connection,
    Engine,
    StoreRefused,
    StoreUnavailable,
    in_transaction,
)
from worker.store.queue import Chunk

__all__ = ["Delivered", "DeliveryLimits", "deliver", "health_rules"]

log = structlog.get_logger()

OPEN = OpenGate()
FAULTS = 3
"""How often the database may refuse the data of a request that is alone before the request is closed."""
SET_ASIDE = timedelta(days=1)


def deliver(
    engine: Engine,
    provider_loop: ProviderLoop,
    limits: DeliveryLimits,
    chunk: Chunk,
    gate: Gate = OPEN,
    answer_buffer: AnswerBuffer | None = None,
) -> Delivered:
    """Contact the recipients of one chunk, each at most once.

    1. Take it up: read what is to be said, and to whom. Not while this process keeps answers that the
       store has not taken.
    2. Render it; what can't be rendered is closed before anything is sent.
    3. Reserve the provider's permits; what gets none in time is left to its lease, and a worker
       that is asked to stop hands back what has not begun.
    4. Begin as many as were permitted: the attempts are written and committed; only they may be sent.
    5. Send all of them, with no transaction open; mails that share their words share requests.
    6. Record each answer as it comes, in small flushes.
    7. Leave what did not begin unharmed, and return the rate that was claimed for it.

    Where the store takes none of this now, what has not begun is handed back whole; where it refuses the
    data of some, those are found by halving the chunk.
    """
    with bound_contextvars(channel=chunk.channel.value, batch_id=None, campaign=None):
        began = monotonic()
        done = _Desk(engine, provider_loop, limits, gate, answer_buffer or AnswerBuffer()).deliver(
            chunk
        )
        log.info("chunk_delivered", seconds=round(monotonic() - began, 3), **counts_of(done))
    return done


@dataclass(frozen=True, slots=True)
class _Desk:
    """The tools with which all parts of a chunk are delivered."""

    engine: Engine
    provider_loop: ProviderLoop
    limits: DeliveryLimits
    gate: Gate
    answer_buffer: AnswerBuffer

    def deliver(self, chunk: Chunk) -> Delivered:
        delivered = Delivered()
        try:
            self.carry_out(chunk, delivered)
        except StoreUnavailable as error:
            log.warning("chunk_handed_back", why=str(error))
            delivered.handed_back[HandBack.STORE_UNAVAILABLE] += self.hand_back(chunk)
        except StoreRefused as error:
            delivered.add(self.apart(chunk, error))
        return delivered

    def carry_out(self, chunk: Chunk, delivered: Delivered) -> None:
        if self.answer_buffer.keeps:
            raise StoreUnavailable("answers wait for the store to take them")
        # Before reading: what the database gives time ends no later on our clock than on its own.
        read_at = boot_clock()
        assignment = in_transaction(self.engine, _take_up, chunk, self.limits.source_rest)
        bind_contextvars(batch_id=assignment.batch_id, campaign=assignment.campaign)
        delivery = Delivery(
            self.engine,
            self.provider_loop,
            self.limits,
            self.gate,
            self.answer_buffer,
            chunk,
            assignment,
            DeliveryWatch(chunk.channel, assignment, read_at, self.limits.attempt_log_share),
            valid_until(assignment, read_at),
            delivered,
        )
        try:
            deliver_by_account(delivery)
        except Exception:
            # Whatever it was, this worker lives: it is not held against what was taken up.
            delivery.leave()
            raise
        delivery.leave()

    def hand_back(self, chunk: Chunk) -> int:
        """Let what has not begun be claimed again after a pause. Returns how many; 0: left to its lease."""
        try:
            return in_transaction(self.engine, self.postpone, chunk)
        except StoreUnavailable:
            return 0

    def postpone(self, connection: Connection, chunk: Chunk) -> int:
        handed_back = queue.postpone_chunk(connection, chunk, self.limits.timeouts.refused_pause)
        if handed_back:
            batch_pace.give_back(connection, chunk.batch, handed_back)
        return handed_back

    def apart(self, chunk: Chunk, error: StoreRefused) -> Delivered:
        """Halve the chunk until whoever is to blame is alone; the third time that one is closed."""
        middle = len(chunk.requests) // 2
        delivered = Delivered()
        if not middle:
            log.error("begin_refused", request=chunk.requests[0], code=error.code)
            self.blame(chunk, str(error))
            delivered.handed_back[HandBack.BEGIN] += 1
        for half in (chunk.requests[:middle], chunk.requests[middle:]) if middle else ():
            delivered.add(self.deliver(replace(chunk, requests=half)))
        return delivered

    def blame(self, chunk: Chunk, why: str) -> None:
        try:
            in_transaction(self.engine, self.close, chunk, why)
        except StoreRefused as refused:
            log.error("request_unmovable", request=chunk.requests[0], code=refused.code)
            why = str(refused)
            in_transaction(self.engine, self.set_aside, chunk, why)

    def set_aside(self, connection: Connection, chunk: Chunk, why: str) -> None:
        """Leave what can't even be closed as it is, as a dead letter, and try it no more for a long time."""
        [request] = chunk.requests
        dead_letters.bury(
            connection,
            kind=dead_letters.REQUEST,
            reason=why,
            payload=dumps({"request": request}),
            task=None,
            message_id=f"request-{request}",
        )
        queue.postpone_chunk(connection, chunk, SET_ASIDE)

    def close(self, connection: Connection, chunk: Chunk, why: str) -> None:
        [request] = chunk.requests
        if queue.note_fault(connection, chunk.lease, request) >= FAULTS:
            queue.fail_unsent(connection, chunk.lease, "begin", [(request, why)])
        else:
            self.postpone(connection, chunk)


def _take_up(connection: Connection, chunk: Chunk, rest: timedelta) -> ChunkContents:
    queue.count_delivery(connection, chunk)
    contents = chunk_contents.read_chunk_contents(connection, chunk)
    return choose_sources(connection, chunk, contents, rest)

"""Deliver one chunk of a batch. The message carries ids and the lease's token, nothing about people."""

from collections.abc import Collection
from uuid import UUID

from celery.exceptions import Retry

from config.queues import TaskName
from tasks.app import app, runtime
from tasks.redaction import NothingSent
from worker.dispatch.chunk_summary import ChunkEnd, end_of, summarize
from worker.dispatch.deliver import Delivered, deliver
from worker.dispatch.scan import Chunk, hand_back_for
from worker.domain.statuses import Channel
from worker.heartbeat import HEART


@app.task(name=TaskName.DELIVER_VOICE.value, throws=(NothingSent,))
def deliver_voice(
    *,
    batch: int,
    lease: str,
    requests: list[int],
    claimed_at: float | None = None,
    **newer: object,
) -> str:
    """Place the calls of one chunk."""
    chunk = Chunk(Channel.VOICE, batch, UUID(lease), tuple(requests), claimed_at)
    return _deliver(chunk, newer)


@app.task(name=TaskName.DELIVER_SMS.value, throws=(NothingSent,))
def deliver_sms(
    *,
    batch: int,
    lease: str,
    requests: list[int],
    claimed_at: float | None = None,
    **newer: object,
) -> str:
    """Send the texts of one chunk."""
    chunk = Chunk(Channel.SMS, batch, UUID(lease), tuple(requests), claimed_at)
    return _deliver(chunk, newer)


@app.task(name=TaskName.DELIVER_EMAIL.value, throws=(NothingSent,))
def deliver_email(
    *,
    batch: int,
    lease: str,
    requests: list[int],
    claimed_at: float | None = None,
    **newer: object,
) -> str:
    """Send the mails of one chunk."""
    chunk = Chunk(Channel.EMAIL, batch, UUID(lease), tuple(requests), claimed_at)
    return _deliver(chunk, newer)


def _deliver(chunk: Chunk, newer: Collection[str]) -> str:
    """Deliver it, unless a newer release says more of it than this one understands.

    Raises:
        Retry: it was handed back unharmed, for a worker of that release.
    """
    if newer:
        here = runtime()
        hand_back_for(here.engine, chunk, here.timeouts.refused_pause)
        why = "handed back: the message is a newer release's"
        raise Retry(why, exc=NothingSent(why))
    return tell(deliver_chunk(chunk))


def deliver_chunk(chunk: Chunk) -> Delivered:
    """Deliver it with the tools of this process."""
    here = runtime()
    with HEART.at_work():
        return deliver(
            here.engine,
            here.provider_loop,
            here.delivery_limits,
            chunk,
            here.gate,
            here.answer_buffer,
        )


def tell(done: Delivered) -> str:
    """Tell Celery, and so Flower, what came of a chunk.

    Raises:
        NothingSent: and nothing of it will be.
        Retry: nothing was sent, and a scheduler claims some of it again; no message is published.
    """
    summary = summarize(done)
    match end_of(done):
        case ChunkEnd.SENT:
            return summary
        case ChunkEnd.AGAIN:
            raise Retry(summary, exc=NothingSent(summary))
        case ChunkEnd.FAILED:
            raise NothingSent(summary)

"""Deliver one chunk of a batch. The message carries ids and the lease's token, nothing about people."""

from uuid import UUID

from celery.exceptions import Retry

from config.queues import TaskName
from tasks.app import app, runtime
from tasks.redaction import NothingSent
from worker.dispatch.chunk_summary import ChunkEnd, end_of, summarize
from worker.dispatch.deliver import Delivered, deliver
from worker.dispatch.scan import Chunk
from worker.domain.statuses import Channel
from worker.heartbeat import HEART


@app.task(name=TaskName.DELIVER_VOICE.value, throws=(NothingSent,))
def deliver_voice(
    *, batch: int, lease: str, requests: list[int], claimed_at: float | None = None
) -> str:
    """Place the calls of one chunk."""
    return _deliver(Channel.VOICE, batch, lease, requests, claimed_at)


@app.task(name=TaskName.DELIVER_SMS.value, throws=(NothingSent,))
def deliver_sms(
    *, batch: int, lease: str, requests: list[int], claimed_at: float | None = None
) -> str:
    """Send the texts of one chunk."""
    return _deliver(Channel.SMS, batch, lease, requests, claimed_at)


@app.task(name=TaskName.DELIVER_EMAIL.value, throws=(NothingSent,))
def deliver_email(
    *, batch: int, lease: str, requests: list[int], claimed_at: float | None = None
) -> str:
    """Send the mails of one chunk."""
    return _deliver(Channel.EMAIL, batch, lease, requests, claimed_at)


def _deliver(
    channel: Channel, batch: int, lease: str, requests: list[int], claimed_at: float | None
) -> str:
    return tell(deliver_chunk(Chunk(channel, batch, UUID(lease), tuple(requests), claimed_at)))


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

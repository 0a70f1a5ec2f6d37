"""Deliver one chunk of a batch. The message carries ids and the lease's token, nothing about people."""

from dataclasses import replace
from uuid import UUID

from celery import current_task
from celery.exceptions import Retry

from config.queues import TaskName
from tasks.app import app, runtime
from tasks.envelope import CLAIMED_AT
from tasks.redaction import NothingSent
from worker.dispatch.chunk_summary import ChunkEnd, end_of, summarize
from worker.dispatch.deliver import Delivered, deliver
from worker.dispatch.scan import Chunk, hand_back_for
from worker.domain.statuses import Channel
from worker.heartbeat import HEART


@app.task(name=TaskName.DELIVER_VOICE.value, throws=(NothingSent,))
def deliver_voice(*, batch: int, lease: str, requests: list[int], **newer: object) -> str:
    """Place the calls of one chunk."""
    return _deliver(Chunk(Channel.VOICE, batch, UUID(lease), tuple(requests)), newer)


@app.task(name=TaskName.DELIVER_SMS.value, throws=(NothingSent,))
def deliver_sms(*, batch: int, lease: str, requests: list[int], **newer: object) -> str:
    """Send the texts of one chunk."""
    return _deliver(Chunk(Channel.SMS, batch, UUID(lease), tuple(requests)), newer)


@app.task(name=TaskName.DELIVER_EMAIL.value, throws=(NothingSent,))
def deliver_email(*, batch: int, lease: str, requests: list[int], **newer: object) -> str:
    """Send the mails of one chunk."""
    return _deliver(Chunk(Channel.EMAIL, batch, UUID(lease), tuple(requests)), newer)


def _deliver(chunk: Chunk, newer: dict[str, object]) -> str:
    """Deliver it, unless a newer release says more of it than this one understands.

    Raises:
        Retry: it was handed back unharmed, for a worker of that release.
    """
    # A header, which a worker may pass by; schedulers of before put it among the arguments.
    told = newer.pop(CLAIMED_AT, None) or current_task.request.get(CLAIMED_AT)
    chunk = replace(chunk, claimed_at=told if isinstance(told, float) else None)
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

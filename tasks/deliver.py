"""Deliver one chunk of a batch. The message carries ids and the lease's token, nothing about people."""

from uuid import UUID

import structlog

from config.queues import TaskName
from tasks.app import app, runtime
from worker.dispatch.deliver import deliver
from worker.dispatch.scan import Chunk
from worker.domain.statuses import Channel
from worker.heartbeat import HEART

log = structlog.get_logger()


@app.task(name=TaskName.DELIVER_VOICE.value)
def deliver_voice(
    *, batch: int, lease: str, requests: list[int], claimed_at: float | None = None
) -> None:
    """Place the calls of one chunk."""
    _deliver(Channel.VOICE, batch, lease, requests, claimed_at)


@app.task(name=TaskName.DELIVER_SMS.value)
def deliver_sms(
    *, batch: int, lease: str, requests: list[int], claimed_at: float | None = None
) -> None:
    """Send the texts of one chunk."""
    _deliver(Channel.SMS, batch, lease, requests, claimed_at)


@app.task(name=TaskName.DELIVER_EMAIL.value)
def deliver_email(
    *, batch: int, lease: str, requests: list[int], claimed_at: float | None = None
) -> None:
    """Send the mails of one chunk."""
    _deliver(Channel.EMAIL, batch, lease, requests, claimed_at)


def _deliver(
    mode: Channel, batch: int, lease: str, requests: list[int], claimed_at: float | None
) -> None:
    here = runtime()
    chunk = Chunk(mode, batch, UUID(lease), tuple(requests), claimed_at)
    with HEART.at_work():
        done = deliver(here.engine, here.line, here.delivery_limits, chunk, here.gate, here.keeper)
    handed_back = {why.value: requests for why, requests in done.handed_back.items()}
    log.info("chunk_delivered", mode=mode.value, batch=batch, **done.answers, **handed_back)

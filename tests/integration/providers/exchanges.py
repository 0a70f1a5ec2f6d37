"""One POST through a transport."""

from worker.providers.deadline_clock import Moment
from worker.providers.http_replies import Reply
from worker.providers.transport import Transport


async def post(transport: Transport, url: str, deadline: Moment | None = None) -> Reply:
    return await transport.exchange("POST", url, headers={}, body=b"a=1", deadline=deadline)

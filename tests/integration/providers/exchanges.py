"""One POST through a transport."""

from worker.providers.moments import Moment
from worker.providers.replies import Reply
from worker.providers.transport import Transport


async def post(transport: Transport, url: str, deadline: Moment | None = None) -> Reply:
    return await transport.exchange("POST", url, headers={}, body=b"a=1", deadline=deadline)

"""Reading bodies: no more than may come, and large ones no faster than the others can bear."""

import asyncio

from starlette.requests import Request

# A body larger than this is a large one.
LARGE = 32 * 1024
# Of all large bodies together: more events than the database takes, and little enough to hash and copy
# that whoever sends megabytes without a signature costs the others a tenth of their time.
BYTES_PER_SECOND = 8 * 1024 * 1024


class Pace:
    """Large bodies share one speed, each by its turns; must be used from one event loop."""

    def __init__(self, per_second: float = BYTES_PER_SECOND) -> None:
        self._per_second = per_second
        self._free_at = 0.0

    async def wait(self, size: int) -> None:
        """Return when so many bytes more may be read."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + size / self._per_second
        await asyncio.sleep(self._free_at - now)


async def read_body(request: Request, limit: int, pace: Pace | None = None) -> bytes | None:
    """The body, or None when it is larger than `limit` bytes."""
    if int(request.headers.get("content-length", 0)) > limit:
        return None
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
        if pace and size > LARGE:
            await pace.wait(len(part))
    return b"".join(parts)

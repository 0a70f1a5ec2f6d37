"""Live parts of the console's pages, and the streams that send their changes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from worker.api.console.batches import live_batch
from worker.api.console.bulk import live_bulk_deed
from worker.api.console.now import live_now
from worker.api.console.visits import enter
from worker.api.console.watching import Watching
from worker.runtime import Runtime


@dataclass(frozen=True, slots=True)
class LiveParts:
    """Streams of a console."""

    runtime: Runtime
    watching: Watching

    async def answer(self, request: Request) -> Response:
        """GET: server-sent events of one part, for whoever is signed in."""
        name = str(request.path_params["part"])
        read = self._reader(name)
        if read is None or await run_in_threadpool(enter, self.runtime, request) is None:
            return Response(status_code=204)  # tells a browser not to come again
        return StreamingResponse(self.watching.stream(name, read), media_type="text/event-stream")

    def _reader(self, name: str) -> Callable[[], str] | None:
        if name == "now":
            return partial(live_now, self.runtime)
        kind, _, key = name.partition("/")
        if kind == "bulk" and key.isascii() and key.isdecimal():
            return partial(live_bulk_deed, self.runtime, int(key[:18]))
        return partial(live_batch, self.runtime, key) if kind == "batches" else None

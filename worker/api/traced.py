"""What is changed over HTTP belongs to the trace of whoever changes it."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from worker.tracing import TRACES

READS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that bring nothing in."""
HEADER = b"traceparent"


@dataclass(frozen=True, slots=True)
class TracedDoor:
    """Reads the `traceparent` of a call, and makes a span of it; its path is not told: it may name people."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a call in."""
        if scope["type"] != "http" or scope["method"] in READS:
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(HEADER, b"").decode("ascii", "replace")
        with TRACES.ingest(given, door="http", method=scope["method"]):
            await self.app(scope, receive, send)

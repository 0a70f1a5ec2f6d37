"""Headers of the console's answers, which tell the browser: load nothing from elsewhere, keep nothing."""

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
KEPT_FOR = "max-age=300"
"""Style and script; pages are never kept, for they may show whom somebody has revealed."""


class GuardedHeaders:
    """Puts them on, whoever answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    @classmethod
    def middleware(cls) -> Middleware:
        """Itself, as an application takes it."""
        return Middleware(cls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                is_static = "/static/" in scope["path"]
                headers["Cache-Control"] = KEPT_FOR if is_static else "no-store"
            await send(message)

        await self._app(scope, receive, guarded)

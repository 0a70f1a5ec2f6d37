"""Errors of a request, each logged as one line: a traceback may quote who was called, and fills the log."""

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

log = structlog.get_logger()


class OneLine:
    """Stands around a Starlette application, which answers 500 itself before it raises.

    Whoever hangs up is nobody's fault, and worth no line at all.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            log.debug("client_gone")
        except Exception as error:  # noqa: BLE001  a door: one request must neither end the process nor fill its log
            log.error("request_failed", error=type(error).__name__)

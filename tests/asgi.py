"""Asking an application directly, without a socket."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp

NONE: Mapping[str, str] = {}


async def exchange(app: ASGIApp, scope: Mapping[str, Any], body: bytes) -> list[Any]:
    """What the application sends; a body is read once, and whoever reads on waits."""
    sent: list[Any] = []
    given = [body]

    async def receive() -> dict[str, object]:
        if not given:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": given.pop(), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "http_version": "1.1", "root_path": "", **scope}, receive, send)
    return sent


def ask(
    app: Starlette,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] = NONE,
    query: str = "",
) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    scope = {
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode("latin-1"),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    sent = asyncio.run(exchange(app, scope, body))
    return int(sent[0]["status"]), b"".join(part.get("body", b"") for part in sent[1:])

"""Asking an application directly, without a socket."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette

NONE: Mapping[str, str] = {}


def ask(
    app: Starlette,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] = NONE,
    query: str = "",
) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode("latin-1"),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }

    given = [body]

    async def receive() -> dict[str, object]:
        if not given:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": given.pop(), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return int(sent[0]["status"]), b"".join(part.get("body", b"") for part in sent[1:])

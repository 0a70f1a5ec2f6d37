"""Reading of bodies: of those with a key, strictly, never unpacked, never larger than may come."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from worker.api.callers import HEADER, key_of
from worker.api.strict_json import NotStrictJson, read_json
from worker.api.use import runtime_of

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes of anything but a file."""


class StrictRequest(Request):
    """A request whose JSON can be read in one way only."""

    async def json(self) -> object:
        """The body's value. Raises HTTPException 422 with the fault of the body as a whole."""
        try:
            return read_json(await self.body())
        except NotStrictJson as fault:
            told = {"loc": ["body"], "msg": str(fault), "type": "json_invalid"}
            raise HTTPException(422, [told]) from None


class StrictRoute(APIRoute):
    """A route of this door; every router here is made with it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, on a stricter request."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            # Before the body: FastAPI asks its dependencies only when all of it lies on the disk.
            await key_of(runtime_of(request), request.headers.get(HEADER))
            if request.headers.get("content-encoding", "identity") != "identity":
                raise HTTPException(415, "send the body as it is: compressed ones are not unpacked")
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly

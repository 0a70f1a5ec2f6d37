"""`Idempotency-Key`: a POST with it has its effect once, and is answered alike ever after."""

from asyncio import sleep
from collections.abc import Callable, Coroutine
from hashlib import blake2b
from re import fullmatch
from typing import Any

import orjson
from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from worker.api.answers import json_of
from worker.api.bodies import StrictRequest, StrictRoute
from worker.api.callers import HEADER, key_of
from worker.api.use import runtime_of
from worker.desk.once_calls import begin_once, end_once
from worker.domain.contract.once_calls import OnceCall

NAME = "Idempotency-Key"
POLL = 0.05
"""Seconds: a second call that comes meanwhile waits for the first, and holds nothing while it does."""

READING = ("/search", "/check", "/explain", "/plan")
"""How routes end that change nothing, whose body is but a long question."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OnceRoute(StrictRoute):
    """A route whose effect happens once for each Idempotency-Key of an owner."""

    def get_route_handler(self) -> Handler:
        """The strict handler, behind a look at what was answered before."""
        handle = super().get_route_handler()
        if "POST" not in (self.methods or ()) or self.path.endswith(READING):
            return handle

        async def once(request: Request) -> Response:
            if NAME not in request.headers:
                return await handle(request)
            return await _once(request, handle)

        return once


async def _once(request: Request, handle: Handler) -> Response:
    call = await _call_of(request)
    engine = runtime_of(request).engine
    while not (found := await run_in_threadpool(begin_once, engine, call)).is_ours:
        if found.status is not None:
            return json_of(found.answer)
        await sleep(POLL)
    status, told = 500, None
    try:
        answer = await handle(_again(request, await request.body()))
        status, told = answer.status_code, orjson.loads(answer.body)
    finally:
        await run_in_threadpool(end_once, engine, call, status, told)
    return answer


async def _call_of(request: Request) -> OnceCall:
    """Return which call it is, and whose. Raises HTTPException for a wrong name or key."""
    name = request.headers[NAME]
    if not fullmatch(r"[!-~]{1,200}", name):
        raise _wrong("must be 1 to 200 characters of ASCII, without spaces")
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise _wrong("is not taken with a file: the same rows again change nothing")
    key = await key_of(runtime_of(request), request.headers.get(HEADER))
    digest = blake2b(await request.body(), digest_size=32).digest()
    # What a key may not see or do it is not told as done either, though its owner has another that may.
    scope = f"{key.role} of {key.campaign_id or 'all'}"
    return OnceCall(key.owner, f"{scope}: {request.url.path}?{request.url.query}", name, digest)


def _wrong(words: str) -> HTTPException:
    return HTTPException(422, [{"loc": ["header", NAME], "msg": words, "type": "value_error"}])


def _again(request: Request, body: bytes) -> Request:
    """The request with its body still to be read."""
    given = [body]

    async def receive() -> Any:  # noqa: ANN401  as ASGI has it
        if given:
            return {"type": "http.request", "body": given.pop(), "more_body": False}
        return await request.receive()

    return StrictRequest(request.scope, receive)

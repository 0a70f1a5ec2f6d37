"""The public HTTP process: routes to handlers. What only our own people may ask is served by `worker.api`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker.desk.dead_letters import keep_unread
from worker.desk.tallies import add_tallies
from worker.dispatch.apply_reports import apply_reports
from worker.dispatch.cancel import hang_up
from worker.runtime import Runtime
from worker.web.arrival import check_arrival
from worker.web.callbacks import Callbacks
from worker.web.calls_in import CallsIn
from worker.web.group_commit import GroupCommit
from worker.web.inbound import Inbound
from worker.web.tallies import Tallies
from worker.web.unsubscribe import Unsubscribe


@dataclass(frozen=True, slots=True)
class PublicDoor:
    """The application, and where what it turns away is counted."""

    app: Starlette
    tallies: Tallies


def create(runtime: Runtime) -> PublicDoor:
    """The door on one runtime."""
    tallies = Tallies(partial(add_tallies, runtime.engine))
    group_commit = _group_commit(runtime)
    keep = partial(keep_unread, runtime.engine)
    callbacks = Callbacks(
        runtime,
        group_commit,
        hang_up=lambda sid: hang_up(runtime.engine, runtime.provider_loop, sid),
        keep=keep,
        refusals=tallies.refusals,
    )
    unsubscribe = Unsubscribe(runtime, group_commit)
    inbound = Inbound(runtime, keep, tallies.refusals)

    async def check(request: Request) -> Response:
        return await check_arrival(request, runtime)

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with tallies.kept():
            yield

    routes = [
        *_call_routes(callbacks, CallsIn(runtime, tallies.refusals)),
        Route("/callbacks/check", check, methods=["POST"]),
        Route("/callbacks/sms/inbound", inbound.sms, methods=["POST"]),
        Route("/callbacks/sms/{token:uuid}", callbacks.sms, methods=["POST"]),
        Route("/callbacks/email", callbacks.email, methods=["POST"]),
        Route("/unsubscribe/{token:uuid}", unsubscribe.page, methods=["GET"]),
        Route("/unsubscribe/{token:uuid}", unsubscribe.act, methods=["POST"]),
        Route("/health/live", live),
    ]
    return PublicDoor(Starlette(routes=routes, lifespan=lifespan), tallies)


def _group_commit(runtime: Runtime) -> GroupCommit:
    """Make the place where reports go, to be stored together."""
    hear = partial(apply_reports, runtime.engine, runtime.timeouts, mark_keys=runtime.mark_keys)
    return GroupCommit(hear)


def _call_routes(callbacks: Callbacks, calls_in: CallsIn) -> list[Route]:
    ours = "/callbacks/voice/{token:uuid}"
    return [
        Route(ours, callbacks.voice, methods=["POST"]),
        Route(f"{ours}/answered-by/{{on_machine}}", callbacks.answered_by, methods=["POST"]),
        Route(f"{ours}/pressed/{{keys}}", calls_in.pressed, methods=["POST"]),
        Route("/callbacks/voice/inbound", calls_in.call, methods=["POST"]),
    ]

"""The HTTP process: routes to handlers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker.desk.dead_letters import keep_unread
from worker.desk.health import is_ready
from worker.desk.metrics import read_figures
from worker.dispatch.recall import hang_up
from worker.dispatch.settle import Settled, settle
from worker.domain.reports import Report
from worker.runtime import Runtime
from worker.web.callbacks import Callbacks
from worker.web.inbound import Inbound
from worker.web.letterbox import Letterbox
from worker.web.metrics import registry
from worker.web.unsubscribe import Unsubscribe


@dataclass(slots=True)
class Doubles:
    """Settles, and counts what may have been a second contact for one attempt."""

    settling: Callable[[list[Report]], Settled]
    count: int = 0

    def settle(self, reports: list[Report]) -> None:
        """Make reports durable."""
        self.count += self.settling(reports).doubled


def create(runtime: Runtime) -> Starlette:
    """The application on one runtime."""
    doubles = Doubles(partial(settle, runtime.engine, runtime.patience))
    letterbox = Letterbox(doubles.settle)
    keep = partial(keep_unread, runtime.engine)
    callbacks = Callbacks(
        runtime, letterbox, hang_up=lambda sid: hang_up(runtime.line, sid), keep=keep
    )
    unsubscribe = Unsubscribe(runtime, letterbox)
    inbound = Inbound(runtime, keep, callbacks.refusals)

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        if await run_in_threadpool(is_ready, runtime.engine):
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "database unavailable"}, status_code=503)

    async def metrics(_: Request) -> Response:
        figures = await run_in_threadpool(read_figures, runtime.engine)
        return Response(
            generate_latest(registry(figures, callbacks.refusals, doubles.count)),
            media_type=CONTENT_TYPE_LATEST,
        )

    return Starlette(
        routes=[
            Route("/callbacks/voice/{token:uuid}", callbacks.voice, methods=["POST"]),
            Route(
                "/callbacks/voice/{token:uuid}/answered-by/{on_machine}",
                callbacks.answered_by,
                methods=["POST"],
            ),
            Route("/callbacks/sms/inbound", inbound.sms, methods=["POST"]),
            Route("/callbacks/sms/{token:uuid}", callbacks.sms, methods=["POST"]),
            Route("/callbacks/email", callbacks.email, methods=["POST"]),
            Route("/unsubscribe/{token:uuid}", unsubscribe.page, methods=["GET"]),
            Route("/unsubscribe/{token:uuid}", unsubscribe.act, methods=["POST"]),
            Route("/metrics", metrics),
            Route("/health/live", live),
            Route("/health/ready", ready),
        ]
    )

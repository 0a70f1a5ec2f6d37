"""The HTTP process: routes to handlers."""

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker.desk.health import is_ready
from worker.runtime import Runtime
from worker.web.callbacks import Callbacks


def create(runtime: Runtime) -> Starlette:
    """The application on one runtime."""
    callbacks = Callbacks(runtime)

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        if await run_in_threadpool(is_ready, runtime.engine):
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "database unavailable"}, status_code=503)

    return Starlette(
        routes=[
            Route("/callbacks/voice/{token:uuid}", callbacks.voice, methods=["POST"]),
            Route("/callbacks/sms/{token:uuid}", callbacks.sms, methods=["POST"]),
            Route("/callbacks/email", callbacks.email, methods=["POST"]),
            Route("/health/live", live),
            Route("/health/ready", ready),
        ]
    )

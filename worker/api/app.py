"""The private HTTP process: routes to handlers."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker.api.metrics import registry
from worker.desk.health import is_ready
from worker.desk.metrics import read_snapshot
from worker.runtime import Runtime


def create(runtime: Runtime) -> Starlette:
    """The application on one runtime."""

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        if await run_in_threadpool(is_ready, runtime.engine):
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "database unavailable"}, status_code=503)

    async def metrics(_: Request) -> Response:
        moment = await run_in_threadpool(read_snapshot, runtime.engine)
        return Response(generate_latest(registry(moment)), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/metrics", metrics),
        ]
    )

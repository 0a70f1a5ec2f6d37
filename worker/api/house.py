"""Health and metrics of the house, for Prometheus and whoever restarts processes. They need no key."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from worker.api.use import Used
from worker.desk.exposition import registry
from worker.desk.health import is_ready
from worker.desk.metrics import read_snapshot

router = APIRouter(include_in_schema=False)


@router.get("/health/live")
async def live() -> Response:
    """Return whether the process runs."""
    return JSONResponse({"status": "ok"})


@router.get("/health/ready")
def ready(runtime: Used) -> Response:
    """Return whether the database answers too."""
    if is_ready(runtime.engine):
        return JSONResponse({"status": "ok"})
    return JSONResponse({"status": "database unavailable"}, status_code=503)


@router.get("/metrics")
def metrics(runtime: Used) -> Response:
    """Figures of the whole deployment."""
    moment = read_snapshot(runtime.engine)
    figures = registry(moment, runtime.settings.state_dir, runtime.rates)
    return Response(generate_latest(figures), media_type=CONTENT_TYPE_LATEST)

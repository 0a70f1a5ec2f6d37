"""The private HTTP process: the API for programs, the console for people, health and metrics."""

from fastapi import FastAPI

from worker.api import house, refusals
from worker.api.clerk import Clerk
from worker.api.console.app import create_console
from worker.api.documents import documented_app
from worker.api.outbound.routes import router as outbound
from worker.api.outreach.routes import router as outreach
from worker.api.traced import TracedDoor
from worker.runtime import Runtime

# Every router of the API. Each is made with `route_class=StrictRoute`, so that bodies are read strictly.
ROUTERS = (house.router, outbound, outreach)


def create(runtime: Runtime) -> FastAPI:
    """The application on one runtime."""
    clerk = Clerk(runtime)
    app = documented_app(clerk.at_work)
    app.state.runtime, app.state.clerk = runtime, clerk
    refusals.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(TracedDoor)
    app.mount("", create_console(runtime, clerk.ring))
    return app

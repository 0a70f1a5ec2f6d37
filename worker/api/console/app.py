"""The console's routes, to be mounted beside the API."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from worker.api.console import signing_in
from worker.api.console.headers import GuardedHeaders
from worker.api.console.live import LiveParts
from worker.api.console.pages import message_page
from worker.api.console.routes import SIGNED_IN
from worker.api.console.visits import Handler, answering
from worker.api.console.watching import Watching
from worker.domain.callers import Role
from worker.runtime import Runtime

STATIC = Path(__file__).parent / "static"


def create_console(runtime: Runtime, ring: Callable[[], None]) -> Starlette:
    """The console on one runtime; `ring` calls whoever does what waits."""
    open_door = signing_in.OpenDoor(runtime)
    routes = [
        Route("/sign-in", open_door.show, methods=["GET"]),
        Route("/sign-in", open_door.enter, methods=["POST"]),
        Route("/live/{part:path}", LiveParts(runtime, Watching()).answer),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    for path, method, role, handler in SIGNED_IN:
        routes.append(_route(runtime, path, method, role, handler))
    console = Starlette(
        routes=routes, middleware=[GuardedHeaders.middleware()], exception_handlers={404: _unknown}
    )
    console.state.ring = ring
    return console


def _route(runtime: Runtime, path: str, method: str, role: Role, handler: Handler) -> Route:
    return Route(path, partial(answering, runtime, role, handler), methods=[method])


async def _unknown(request: Request, error: Exception) -> Response:
    del error
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": "Not Found"}, 404)
    return message_page(404, "There is no such page.")

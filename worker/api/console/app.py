"""The console's routes, to be mounted beside the API."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from worker.api.console import (
    batches,
    books,
    bulk,
    campaigns,
    doubts,
    exports,
    now,
    people,
    requests,
    signing_in,
    uploads,
)
from worker.api.console.headers import GuardedHeaders
from worker.api.console.live import LiveParts
from worker.api.console.pages import message_page
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
    for path, method, role, handler in signed_in_routes():
        routes.append(_route(runtime, path, method, role, handler))
    console = Starlette(
        routes=routes, middleware=[GuardedHeaders.middleware()], exception_handlers={404: _unknown}
    )
    console.state.ring = ring
    return console


def signed_in_routes() -> list[tuple[str, str, Role, Handler]]:
    """Every page and deed behind the door: its path, its method, who may, what answers."""
    return [
        ("/", "GET", Role.READ, now.show_now),
        ("/halts", "POST", Role.OPERATE, now.stop),
        ("/halts/lift", "POST", Role.ADMIN, now.lift),
        ("/batches", "GET", Role.READ, batches.show_batches),
        ("/batches/new", "GET", Role.OPERATE, uploads.show_form),
        ("/batches/new", "POST", Role.OPERATE, uploads.create),
        ("/uploads/{upload:int}/bad-rows", "GET", Role.READ, uploads.show_bad_rows),
        ("/batches/{batch}/confirm", "POST", Role.OPERATE, uploads.confirm),
        ("/batches/{batch}", "GET", Role.READ, batches.show_batch),
        ("/batches/{batch}/pause", "POST", Role.OPERATE, batches.pause),
        ("/batches/{batch}/resume", "POST", Role.OPERATE, batches.resume),
        ("/batches/{batch}/change", "POST", Role.OPERATE, batches.change),
        ("/batches/{batch}/expire", "POST", Role.OPERATE, batches.expire),
        ("/batches/{batch}/delete", "POST", Role.ADMIN, batches.delete),
        ("/batches/{batch}/export", "POST", Role.OPERATE, exports.export),
        ("/bulk/new", "GET", Role.OPERATE, bulk.show_order),
        ("/bulk/new", "POST", Role.OPERATE, bulk.order),
        ("/bulk/{number:int}", "GET", Role.READ, bulk.show_bulk_deed),
        ("/bulk/{number:int}/stop", "POST", Role.OPERATE, bulk.stop),
        ("/requests/{request:int}", "GET", Role.READ, requests.show_request),
        ("/requests/{request:int}/reveal", "POST", Role.OPERATE, requests.reveal),
        ("/requests/{request:int}/remove", "POST", Role.OPERATE, requests.remove),
        ("/requests/{request:int}/retry", "POST", Role.OPERATE, requests.retry),
        ("/requests/{request:int}/replace", "POST", Role.OPERATE, requests.replace),
        ("/people", "GET", Role.READ, people.show_people),
        ("/people", "POST", Role.READ, people.find),
        ("/people/{recipient:int}", "GET", Role.READ, people.show_one),
        ("/people/{recipient:int}/reveal", "POST", Role.OPERATE, people.reveal),
        ("/people/{recipient:int}/suppress", "POST", Role.OPERATE, people.suppress),
        ("/suppressions", "POST", Role.OPERATE, people.suppress_typed),
        ("/suppressions/{row:int}/lift", "POST", Role.ADMIN, people.lift),
        ("/doubts", "GET", Role.READ, doubts.show_doubts),
        ("/doubts/{attempt:int}/sent", "POST", Role.OPERATE, doubts.count_sent),
        ("/doubts/{attempt:int}/retry", "POST", Role.OPERATE, doubts.try_again),
        ("/dead-letters/{letter:int}", "GET", Role.READ, doubts.show_letter),
        ("/dead-letters/{letter:int}/reveal", "POST", Role.OPERATE, doubts.reveal_letter),
        ("/dead-letters/{letter:int}/replay", "POST", Role.OPERATE, doubts.replay_letter),
        ("/dead-letters/{letter:int}/discard", "POST", Role.OPERATE, doubts.discard_letter),
        ("/campaigns", "GET", Role.READ, campaigns.show_campaigns),
        ("/campaigns/{campaign}", "GET", Role.READ, campaigns.show_one),
        ("/campaigns/{campaign}/preview", "POST", Role.OPERATE, campaigns.preview),
        ("/campaigns/{campaign}/test", "POST", Role.OPERATE, campaigns.contact_oneself),
        ("/plan", "GET", Role.READ, books.show_plan),
        ("/audit", "GET", Role.READ, books.show_audit),
        ("/sign-out", "POST", Role.READ, signing_in.leave),
        ("/sign-out-everywhere", "POST", Role.READ, signing_in.leave_everywhere),
    ]


def _route(runtime: Runtime, path: str, method: str, role: Role, handler: Handler) -> Route:
    return Route(path, partial(answering, runtime, role, handler), methods=[method])


async def _unknown(request: Request, error: Exception) -> Response:
    del error
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": "Not Found"}, 404)
    return message_page(404, "There is no such page.")

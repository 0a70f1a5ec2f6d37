"""A bare Starlette application that makes the same statements as the API: `python -m tests.prove.bare PORT`.

Its routes call the same use cases, and hence the store with the same statements in the same transactions.
It knows no keys, no rates and no roles, and neither checks nor documents what comes and goes: what the API
costs beyond it is the price of the door.
"""

import sys
from collections.abc import Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.start import load_or_exit
from worker.desk.outbound.batches import (
    add_public_request,
    get_public_batch,
    remove_public_requests,
    update_public_batch,
)
from worker.desk.outbound.campaigns import get_public_campaign
from worker.desk.outbound.lists import Asked, list_public_batches
from worker.desk.outbound.results import ResultsAsked, stream_results
from worker.desk.request_details import show_details
from worker.domain.callers import Caller, Role
from worker.domain.contract.outbound.generations import generation_of
from worker.domain.contract.outbound.lists import ListQuery
from worker.listener import serve
from worker.runtime import AuditDoor, Runtime, build

CALLER = Caller("bare@example.com", Role.ADMIN)
SPEAKS = generation_of("")
OUTBOUND = "/api/v1/outbound"
BATCH = OUTBOUND + "/batches/{batch}"
Use = Callable[[Request, Any], Any]


def application(runtime: Runtime) -> Starlette:
    """The routes that the mix asks."""
    engine = runtime.engine
    newest = Asked(query=ListQuery(page=0, limit=25, order_by=None, descending=False))

    def results(request: Request, _: object) -> bytes:
        asked = ResultsAsked(request.query_params["reference_id"], None, None)
        return b"".join(stream_results(engine, _batch(request), asked, SPEAKS, CALLER))

    def details(request: Request, _: object) -> Any:
        name = request.query_params["reference_id"]
        return show_details(engine, _batch(request), name, ceilings=runtime.ceilings).to_wire()

    def update(request: Request, said: Any) -> None:
        update_public_batch(engine, _batch(request), said, SPEAKS, CALLER)

    return Starlette(
        routes=[
            _route("GET", f"{OUTBOUND}/batches", lambda *_: _list(engine, newest)),
            _route("GET", BATCH, lambda r, _: get_public_batch(engine, _batch(r), SPEAKS, CALLER)),
            _route("PUT", BATCH, update),
            _route("GET", f"{BATCH}/results", results),
            _route(
                "POST",
                f"{BATCH}/requests",
                lambda r, said: add_public_request(engine, _batch(r), said, CALLER),
            ),
            _route(
                "POST",
                f"{BATCH}/remove-requests",
                lambda r, said: remove_public_requests(engine, _batch(r), said, CALLER),
            ),
            _route("GET", "/api/v1/outreach/batches/{batch}/request", details),
            _route(
                "GET",
                OUTBOUND + "/campaigns/{number:int}",
                lambda r, _: get_public_campaign(engine, r.path_params["number"], CALLER),
            ),
        ]
    )


def _list(engine: Any, asked: Asked) -> Any:
    return list_public_batches(engine, asked, SPEAKS, CALLER)


def _batch(request: Request) -> str:
    return str(request.path_params["batch"])


def _route(method: str, path: str, use: Use) -> Route:
    async def answer(request: Request) -> Response:
        raw = await request.body()
        told = await run_in_threadpool(use, request, orjson.loads(raw) if raw else None)
        written = told if isinstance(told, bytes) else orjson.dumps(told)
        return Response(written, media_type="application/json")

    return Route(path, answer, methods=[method])


def main() -> None:
    """Serve until a signal."""
    runtime = build(load_or_exit(), AuditDoor.API)
    serve(application(runtime), "127.0.0.1", int(sys.argv[1]))


if __name__ == "__main__":
    main()

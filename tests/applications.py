"""The private HTTP process's application, put on another runtime for every test.

What a route takes and gives is worked out when it is first asked; an application of each test's own would
do so hundreds of times, a quarter of a second each.
"""

from fastapi import FastAPI
from starlette.routing import Mount

from worker.api.app import create
from worker.api.clerk import Clerk
from worker.api.console.app import create_console
from worker.runtime import Runtime

_made: list[FastAPI] = []


def application_on(runtime: Runtime) -> FastAPI:
    """Return it as `create(runtime)` would make it; whoever had it before has it no more."""
    if not _made:
        _made.append(create(runtime))
    [app] = _made
    clerk = Clerk(runtime)
    app.state.runtime, app.state.clerk = runtime, clerk
    console = app.router.routes[-1]
    assert isinstance(console, Mount)
    console.app = create_console(runtime, clerk.ring)
    return app

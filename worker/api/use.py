"""Dependencies of every route: the runtime of its process, and who reads its files.

What asks nobody is a coroutine, here and in the other rooms of the API: of a plain function FastAPI makes a
thread's work, which costs more than what it does.
"""

from typing import Annotated

from fastapi import Depends, Request

from worker.api.clerk import Clerk
from worker.runtime import Runtime


def runtime_of(request: Request) -> Runtime:
    """The runtime that the application was created on."""
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime


async def _used(request: Request) -> Runtime:
    return runtime_of(request)


Used = Annotated[Runtime, Depends(_used)]


async def clerk_of(request: Request) -> Clerk:
    """Return who reads the files that wait."""
    clerk = request.app.state.clerk
    assert isinstance(clerk, Clerk)
    return clerk


OurClerk = Annotated[Clerk, Depends(clerk_of)]

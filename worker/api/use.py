"""Dependencies of every route: the runtime of its process, and who reads its files."""

from typing import Annotated

from fastapi import Depends, Request

from worker.api.clerk import Clerk
from worker.runtime import Runtime


def runtime_of(request: Request) -> Runtime:
    """The runtime that the application was created on."""
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime


Used = Annotated[Runtime, Depends(runtime_of)]


def clerk_of(request: Request) -> Clerk:
    """Return who reads the files that wait."""
    clerk = request.app.state.clerk
    assert isinstance(clerk, Clerk)
    return clerk


OurClerk = Annotated[Clerk, Depends(clerk_of)]

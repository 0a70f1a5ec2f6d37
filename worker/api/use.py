"""What a route is given: the runtime of its process."""

from typing import Annotated

from fastapi import Depends, Request

from worker.runtime import Runtime


def runtime_of(request: Request) -> Runtime:
    """The runtime that the application was created on."""
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime


Used = Annotated[Runtime, Depends(runtime_of)]

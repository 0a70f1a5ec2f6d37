"""Authentication: the key in a header becomes a caller, or the call is refused.

A route that needs one takes `caller: Reading`, `Operating` or `Administering`.
"""

from math import ceil
from typing import Annotated

from fastapi import BackgroundTasks, Depends, HTTPException, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader

from worker.api.use import Used
from worker.domain.callers import AccessKey, Caller, Role
from worker.runtime import Runtime

HEADER = "Syllable-API-Key"
_header = APIKeyHeader(
    name=HEADER, scheme_name="key", auto_error=False, description="of `outreach key create`"
)
Shown = Annotated[str | None, Security(_header)]


async def key_of(runtime: Runtime, shown: str | None) -> AccessKey:
    """Return the key in force that is shown.

    Raises:
        HTTPException: 401, it is none.
        StoreUnavailable: nobody knows.
    """
    if not shown:
        raise HTTPException(401, f"send a key in the header {HEADER}")
    ring = runtime.key_ring
    if not ring.is_fresh:
        await run_in_threadpool(ring.refresh)
    key = ring.find(shown)
    if key is None:
        raise HTTPException(401, "this key is not known: it is wrong, expired or revoked")
    return key


async def reading(runtime: Used, shown: Shown, tasks: BackgroundTasks) -> Caller:
    """Return the caller, with any key, after counting one of its calls.

    Raises:
        HTTPException: 401, nobody's; 429, it has made too many calls.
        StoreUnavailable: nobody knows.
    """
    ring, key = runtime.key_ring, await key_of(runtime, shown)
    if wait := ring.seconds_to_wait(key):
        seconds = {"Retry-After": str(ceil(wait))}
        raise HTTPException(429, f"more than {key.per_second} calls a second", seconds)
    if ring.is_use_due(key):
        tasks.add_task(ring.note_use, key)
    return key.caller


Reading = Annotated[Caller, Depends(reading)]


async def operating(caller: Reading) -> Caller:
    """Return the caller, with a key that may change what happens."""
    return _with_role(caller, Role.OPERATE)


async def administering(caller: Reading) -> Caller:
    """Return the caller, with a key that may do everything."""
    return _with_role(caller, Role.ADMIN)


Operating = Annotated[Caller, Depends(operating)]
Administering = Annotated[Caller, Depends(administering)]


def _with_role(caller: Caller, needed: Role) -> Caller:
    if not caller.role.includes(needed):
        raise HTTPException(403, f"this needs a key with role {needed}; yours may {caller.role}")
    return caller

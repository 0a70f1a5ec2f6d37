"""Keys: create, list, revoke."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field, Strict

from worker.api.answers import json_of
from worker.api.documents import answered_with
from worker.api.once import OnceRoute
from worker.api.outreach.asking import AdministeringAll
from worker.api.outreach.told import KeyTold, NewKeyTold
from worker.api.use import Used
from worker.desk.keys import USUAL_PER_SECOND, NewKey, create_key, list_keys, revoke_key
from worker.domain.callers import Role
from worker.domain.contract.messages import Mailbox
from worker.domain.fields import Moment, Name, WireModel

router = APIRouter(prefix="/keys", tags=["keys"], route_class=OnceRoute)


class KeyWanted(WireModel):
    """A key to be made."""

    name: Annotated[Name, Field(examples=["crm"])]
    role: Annotated[Role, Strict(strict=False)]
    owner: Mailbox | None = None
    campaign: Name | None = None
    expires: Moment | None = None
    per_second: Annotated[int, Field(ge=1, le=100_000)] = USUAL_PER_SECOND


@router.get("", responses=answered_with(list[KeyTold], 404))
def list_all(runtime: Used, _: AdministeringAll) -> Response:
    """Every key there ever was, never the keys themselves."""
    return json_of([one.to_wire() for one in list_keys(runtime.engine)])


@router.post("", responses=answered_with(NewKeyTold, 404, 409, 413, 415, 422))
def create(runtime: Used, caller: AdministeringAll, wanted: KeyWanted) -> Response:
    """Create a key. It is in this answer, and kept nowhere."""
    told = wanted.model_dump() | {"owner": wanted.owner or caller.owner}
    new = NewKey(expires_at=told.pop("expires"), **told)
    made, key = create_key(runtime.engine, new, by=caller.owner)
    runtime.key_ring.forget()
    return json_of(made.to_wire() | {"key": key})


@router.post("/{name}/revoke", responses=answered_with(KeyTold, 404, 422))
def revoke(runtime: Used, caller: AdministeringAll, name: Annotated[Name, Path()]) -> Response:
    """Revoke a key: two seconds later, no process takes it."""
    revoked = revoke_key(runtime.engine, name, by=caller.owner)
    runtime.key_ring.forget()
    return json_of(revoked.to_wire())

"""Messages from other systems."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from worker.api.answers import json_of
from worker.api.callers import Reading
from worker.api.documents import answered_with
from worker.api.once import OnceRoute
from worker.api.outreach.told_requests import MessageSchema
from worker.domain.contract.messages import PAYLOADS, schema
from worker.domain.fields import Text

router = APIRouter(prefix="/messages", tags=["messages"], route_class=OnceRoute)


@router.get("", responses=answered_with(list[str]))
def list_names(_: Reading) -> Response:
    """The names of all messages."""
    return json_of(list(PAYLOADS))


@router.get("/{name}", responses=answered_with(MessageSchema, 404, 422))
def show_schema(_: Reading, name: Annotated[Text, Path()]) -> Response:
    """The JSON Schema of a message's payload."""
    return json_of(schema(name))

"""Dead letters: what could not be accepted. A key of one campaign sees none: they are nobody's yet."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from worker.api.answers import json_of
from worker.api.documents import answered_with
from worker.api.once import OnceRoute
from worker.api.outreach.asking import Limit, Number, OperatingAll, ReadingAll
from worker.api.outreach.told_requests import (
    LetterDiscarded,
    LetterReplayed,
    LetterShown,
    LetterTold,
)
from worker.api.use import Used
from worker.desk.dead_letters import discard, list_dead_letters, replay, show_dead_letter
from worker.domain.fields import Text, WireModel

router = APIRouter(prefix="/dead-letters", tags=["dead letters"], route_class=OnceRoute)


class Repaired(WireModel):
    """Another name or payload, where the letter's own is wrong."""

    name: Text | None = None
    payload: (
        Annotated[Text, Field(examples=['{"batch_id": "20271121.1", "paused": true}'])] | None
    ) = None


@router.get("", responses=answered_with(list[LetterTold], 404, 422))
def list_some(runtime: Used, _: ReadingAll, settled: bool = False, limit: Limit = 50) -> Response:
    """The latest ones without their payloads; those that are settled too if asked."""
    found = list_dead_letters(runtime.engine, settled=settled, limit=limit)
    return json_of([one.to_wire(payload=False) for one in found])


@router.get("/{letter}", responses=answered_with(LetterShown, 404, 422))
def show(runtime: Used, _: OperatingAll, letter: Number) -> Response:
    """One of them, whole: its payload may name people."""
    return json_of(show_dead_letter(runtime.engine, letter).to_wire())


@router.post("/{letter}/replay", responses=answered_with(LetterReplayed, 404, 409, 413, 415, 422))
def replay_one(runtime: Used, caller: OperatingAll, letter: Number, repaired: Repaired) -> Response:
    """Take it in again under its own id, perhaps repaired."""
    name, payload = repaired.name, repaired.payload
    taken = replay(runtime.engine, letter, name=name, payload=payload, by=caller.owner)
    return json_of({"fresh": taken.fresh})


@router.post("/{letter}/discard", responses=answered_with(LetterDiscarded, 404, 409, 422))
def discard_one(runtime: Used, caller: OperatingAll, letter: Number) -> Response:
    """Let it go; it stays readable among the settled ones."""
    discard(runtime.engine, letter, by=caller.owner)
    return json_of({"discarded": letter})

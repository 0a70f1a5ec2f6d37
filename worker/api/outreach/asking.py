"""Dependencies of the routes: names of a path that the caller may see, and who may ask about everything."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Body, Depends, Header, Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from worker.api.callers import Administering, Operating, Reading
from worker.api.use import Used
from worker.desk.visibility import (
    UnknownHere,
    refuse_unseen_attempt,
    refuse_unseen_batch,
    refuse_unseen_campaign,
)
from worker.domain.callers import Caller
from worker.domain.contract.batches import BatchId
from worker.domain.contract.new_requests import ReferenceId, Target
from worker.domain.fields import LARGEST_ID, Text
from worker.runtime import Runtime

Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=1_000, description="how many at most")]
Reference = Annotated[ReferenceId, Query(description="the request's reference_id")]
_NAMED = "fields by their names; the same as by command"
BatchFieldsGiven = Annotated[
    dict[str, Any],
    Body(
        description=_NAMED,
        examples=[
            {"batch_id": "20271121.1", "campaign_id": 1, "expires_on": "2027-11-22T00:00:00Z"}
        ],
    ),
]
CampaignFieldsGiven = Annotated[
    dict[str, Any],
    Body(
        description=_NAMED,
        examples=[
            {
                "campaign_name": "reminder",
                "mode": "sms",
                "source": "+15125550100",
                "body": "Hello {{ name }}",
            }
        ],
    ),
]
Because = Annotated[Text, Field(description="why; kept in the audit", examples=["wrong words"])]
Person = Annotated[Target, Field(examples=["+15125550100"])]
Named = Annotated[ReferenceId, Field(examples=["patient-17"])]


async def _seen(
    if_match: Annotated[
        str | None, Header(max_length=1_000, description="the ETag of what is to be changed")
    ] = None,
) -> frozenset[str] | None:
    """The versions that are named; none named, or `*`, is any. A weak one is no version of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(one.strip().removeprefix('"').removesuffix('"') for one in if_match.split(","))


Versions = Annotated[frozenset[str] | None, Depends(_seen)]


T = TypeVar("T")


async def _pass_seen(
    refuse: Callable[[Any, T, int | None], None], runtime: Runtime, caller: Caller, what: T
) -> T:
    """Let through what the caller sees; only a key of one campaign has the store asked."""
    if caller.campaign is not None:
        await run_in_threadpool(refuse, runtime.engine, what, caller.campaign)
    return what


async def _batch(
    runtime: Used, caller: Reading, batch_id: Annotated[BatchId, Path(description="its batch_id")]
) -> str:
    return await _pass_seen(refuse_unseen_batch, runtime, caller, batch_id)


async def _campaign(
    runtime: Used, caller: Reading, campaign: Annotated[Text, Path(description="its name or id")]
) -> str:
    return await _pass_seen(refuse_unseen_campaign, runtime, caller, campaign)


async def _attempt(runtime: Used, caller: Reading, attempt: Number) -> int:
    return await _pass_seen(refuse_unseen_attempt, runtime, caller, attempt)


def _everywhere(caller: Caller) -> Caller:
    if caller.campaign is not None:
        raise UnknownHere
    return caller


async def _reading_all(caller: Reading) -> Caller:
    return _everywhere(caller)


async def _operating_all(caller: Operating) -> Caller:
    return _everywhere(caller)


async def _administering_all(caller: Administering) -> Caller:
    return _everywhere(caller)


BatchSeen = Annotated[str, Depends(_batch)]
CampaignSeen = Annotated[str, Depends(_campaign)]
AttemptSeen = Annotated[int, Depends(_attempt)]
ReadingAll = Annotated[Caller, Depends(_reading_all)]
OperatingAll = Annotated[Caller, Depends(_operating_all)]
AdministeringAll = Annotated[Caller, Depends(_administering_all)]

"""Suppressions: people who must not be contacted. A target stands in a body, never in an address."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Query, Response, UploadFile

from worker.api.answers import json_of
from worker.api.callers import Operating, Reading
from worker.api.documents import answered_with
from worker.api.once import OnceRoute
from worker.api.outreach.asking import (
    Because,
    Limit,
    Number,
    OperatingAll,
    Person,
    ReadingAll,
)
from worker.api.outreach.told_requests import EditionTold, Lifted, Suppressed, SuppressionTold
from worker.api.use import Used
from worker.desk.suppression_editions import Edition, import_edition
from worker.desk.suppression_lifts import (
    explain_suppressed,
    lift_suppression,
    list_suppressed,
)
from worker.desk.suppressions import suppress_recipient
from worker.desk.waiting_uploads import LARGEST_FILE
from worker.domain.contract.messages import WireChannel, WireReason
from worker.domain.fields import LARGEST_ID, Name, WireModel
from worker.domain.statuses import Channel, SuppressReason

router = APIRouter(prefix="/suppressions", tags=["suppressions"], route_class=OnceRoute)


class SomebodyThere(WireModel):
    """Somebody on a channel."""

    mode: WireChannel
    target: Person


class ToSuppress(SomebodyThere):
    """Somebody who must not be contacted."""

    reason: WireReason = SuppressReason.UNSUBSCRIBED


class WhyLifted(WireModel):
    """The reason for lifting; it is remembered."""

    reason: Because | None = None


async def _edition(
    source: Annotated[Name | None, Query(description="the list that the file is of")] = None,
    replace: Annotated[
        bool, Query(description="lift whom that list had and this file does not name")
    ] = False,
    lift: Annotated[
        int | None,
        Query(ge=0, le=LARGEST_ID, description="how many; needed for more than a tenth"),
    ] = None,
) -> Edition:
    return Edition(source=source, replace=replace, lift=lift)


OfList = Annotated[Edition, Depends(_edition)]


@router.post("", responses=answered_with(Suppressed, 409, 413, 415, 422))
def add(runtime: Used, caller: Operating, who: ToSuppress) -> Response:
    """Suppress a recipient: once this is answered, no attempt to them begins."""
    by, reason = caller.owner, who.reason
    suppress_recipient(runtime.engine, who.mode, who.target, reason=reason, by=by)
    return json_of({"suppressed": True})


@router.post("/check", responses=answered_with(Suppressed, 409, 413, 415, 422))
def check(runtime: Used, _: Reading, who: SomebodyThere) -> Response:
    """Return whether one address is suppressed on a channel, and no more than that."""
    told = explain_suppressed(runtime.engine, who.mode, who.target)
    return json_of({"suppressed": any(one.lifted_at is None for one in told)})


@router.post("/explain", responses=answered_with(list[SuppressionTold], 404, 409, 413, 415, 422))
def explain(runtime: Used, _: ReadingAll, who: SomebodyThere) -> Response:
    """Every act that ever kept a recipient from being contacted, and who lifted which."""
    told = explain_suppressed(runtime.engine, who.mode, who.target)
    return json_of([one.to_wire() for one in told])


@router.get("", responses=answered_with(list[SuppressionTold], 404, 422))
def list_in_force(
    runtime: Used, _: ReadingAll, mode: Channel | None = None, limit: Limit = 50
) -> Response:
    """The suppressions in force, the latest first."""
    return json_of([one.to_wire() for one in list_suppressed(runtime.engine, mode, limit=limit)])


@router.post("/{suppression}/lift", responses=answered_with(Lifted, 404, 409, 413, 415, 422))
def lift(runtime: Used, caller: OperatingAll, suppression: Number, why: WhyLifted) -> Response:
    """Lift one suppression; whatever else keeps the recipient from being contacted stays in force."""
    lift_suppression(runtime.engine, suppression, by=caller.owner, why=why.reason)
    return json_of({"lifted": suppression})


@router.post(
    "/import",
    responses=answered_with(EditionTold, 404, 409, 413, 415, 422),
    max_body_size=LARGEST_FILE,
)
def import_all(
    runtime: Used,
    caller: OperatingAll,
    mode: Annotated[Channel, Query()],
    file: Annotated[UploadFile, File(description="CSV with a column target, or one a line")],
    edition: OfList,
    reason: SuppressReason = SuppressReason.UNSUBSCRIBED,
) -> Response:
    """Suppress everybody in a file; lines that name nobody are reported and stop nobody else's."""
    here, by = runtime, caller.owner
    done = import_edition(
        here.engine, here.patient_engine, mode, file.file, edition, reason=reason, by=by
    )
    return json_of(done.to_wire())

"""The list of batches, one batch, and what may be done to it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.responses import Response

from worker.api.console import charts
from worker.api.console.campaigns import WORDS
from worker.api.console.pages import write
from worker.api.console.visits import Visit, go
from worker.desk.batch_lists import list_batches
from worker.desk.batch_view import list_requests, view_batch
from worker.desk.batches import (
    delete_batch,
    expire_batch,
    pause_batch,
    resume_batch,
    update_batch,
)
from worker.desk.bulk_deeds import list_bulk
from worker.desk.upload_reports import files_of
from worker.domain.contract.batch_queries import FINISHED, BatchQuery
from worker.domain.contract.bulk_deeds import Over
from worker.domain.contract.progress import progress_of
from worker.domain.errors import WrongFields
from worker.domain.schedule.spoken_times import shown_by
from worker.domain.statuses import BatchStatus, ChannelStatus, RequestStatus
from worker.runtime import Runtime

Word = TypeVar("Word", bound=StrEnum)


def show_batches(visit: Visit) -> Response:
    """The latest batches, filtered."""
    query = BatchQuery(
        matching=visit.asked("matching") or None,
        status=_one_of(BatchStatus, visit.asked("status")),
        finished=FINISHED.get(visit.asked("standing")),
        before=visit.asked("before") or None,
    )
    page = list_batches(visit.runtime.engine, query)
    rows = [(one, progress_of(one.details.counts)) for one in page.batches]
    asked = {name: visit.asked(name) for name in ("matching", "status", "standing")}
    shown: dict[str, Any] = {
        "rows": rows,
        "more": page.more,
        "statuses": list(BatchStatus),
        "asked": asked,
        "bulk_deeds": list_bulk(visit.runtime.engine, Over.BATCHES),
    }
    return visit.page("batches.html", here="/batches", **shown)


def show_batch(visit: Visit) -> Response:
    """One batch, with a page of its requests."""
    batch_id = visit.named("batch")
    status = _one_of(RequestStatus, visit.asked("status"))
    outcome = _one_of(ChannelStatus, visit.asked("outcome"))
    after = visit.asked("after")
    page = list_requests(
        visit.runtime.engine, batch_id, status=status, outcome=outcome, after=after
    )
    shown = _look(visit.runtime, batch_id) | {
        "page": page,
        "of_status": status,
        "of_outcome": outcome,
        "files": files_of(visit.runtime.engine, batch_id),
    }
    return visit.page("batch.html", here="/batches", **shown)


def live_batch(runtime: Runtime, batch_id: str) -> str:
    """The part of the page that changes."""
    return write("batch_parts.html", **_look(runtime, batch_id))


def _look(runtime: Runtime, batch_id: str) -> dict[str, Any]:
    zone = runtime.settings.display_zone
    seen = view_batch(runtime.engine, batch_id, ceilings=runtime.ceilings, zone=zone)
    hours = charts.columns(seen.hours, ZoneInfo(zone))
    fields = seen.campaign.fields.model_dump(mode="json")
    words = {name: fields[name] for name in WORDS if fields.get(name)}
    return {
        "seen": seen,
        "hours": hours,
        "words": words,
        "zone": zone,
        "bulk_deeds": list_bulk(runtime.engine, Over.REQUESTS, batch_id),
    }


def pause(visit: Visit) -> Response:
    """Hold it; the page then says when nothing more can go out."""
    why = visit.given("why")
    if not why:
        raise WrongFields(["say why: whoever resumes it reads that"])
    pause_batch(visit.runtime.console_engine, visit.named("batch"), by=visit.who.owner, why=why)
    return _back(visit, "paused")


def resume(visit: Visit) -> Response:
    """Let it go on."""
    resume_batch(visit.runtime.console_engine, visit.named("batch"), by=visit.who.owner)
    return _back(visit, "resumed")


def change(visit: Visit) -> Response:
    """Change when it starts, when it ends and how fast it goes."""
    changes: dict[str, object] = {
        name: moment_of(name, text, visit.runtime.settings.display_zone)
        for name in ("starts_at", "expires_on")
        if (text := visit.given(name))
    }
    if rate := visit.given("call_rate"):
        changes["call_rate"] = whole(rate)
    if not changes:
        raise WrongFields(["say when it starts or ends, or how many an hour"])
    engine = visit.runtime.console_engine
    update_batch(engine, visit.named("batch"), changes, by=visit.who.owner)
    return _back(visit, "changed")


def expire(visit: Visit) -> Response:
    """End it now, once its name was typed: nobody can make an expired batch go on."""
    batch_id, engine = visit.named("batch"), visit.runtime.console_engine
    if visit.given("name") != batch_id:
        raise WrongFields(["name: type the batch's own name to end it"])
    expire_batch(engine, batch_id, by=visit.who.owner)
    return _back(visit, "expired")


def delete(visit: Visit) -> Response:
    """Delete it, with a reason, once its name was typed."""
    batch_id = visit.named("batch")
    if visit.given("name") != batch_id:
        raise WrongFields(["name: type the batch's own name to delete it"])
    engine, why = visit.runtime.console_engine, visit.given("why")
    delete_batch(engine, batch_id, reason=why, by=visit.who.owner)
    return _back(visit, "deleted")


def _back(visit: Visit, said: str) -> Response:
    return go(f"/batches/{quote(visit.named('batch'))}?said={said}")


def _one_of(kind: type[Word], word: str) -> Word | None:
    return kind(word) if word in set(kind) else None


def whole(text: str) -> int:
    """A number as somebody typed it, with separators or without.

    Raises:
        WrongFields: it is none.
    """
    plain = text.replace(",", "")
    if not plain.isascii() or not plain.isdecimal():
        raise WrongFields(["a whole number is wanted"])
    return int(plain[:12])


def moment_of(name: str, text: str, zone: str) -> str:
    """The moment that a form's field means, by the clocks of this zone.

    Raises:
        WrongFields: it means none.
    """
    try:
        shown = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise WrongFields([f"{name}: must be a day and a time, like 2027-11-22 18:00"]) from None
    try:
        return shown_by(shown, zone).isoformat()
    except (ValueError, OverflowError) as error:
        raise WrongFields([f"{name}: {error}"]) from None

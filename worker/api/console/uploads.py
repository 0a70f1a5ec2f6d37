"""A new batch from a file: stored and paused, looked at, and only then let go."""

from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.responses import Response

from worker.api.console.batches import moment_of
from worker.api.console.pages import message_page
from worker.api.console.visits import Visit, go
from worker.desk.batches import create_batch, resume_batch, show_batch
from worker.desk.campaigns import list_campaigns, show_campaign
from worker.desk.preview import batch_hints, previews
from worker.desk.reveals import note_reveal
from worker.desk.upload_reports import files_of, report_of, upload_reported
from worker.desk.uploads import Uploaded
from worker.domain.errors import FileFault, WrongFields


def show_form(visit: Visit) -> Response:
    """Return which campaign, which name, which file."""
    found = list_campaigns(visit.runtime.engine)
    zone = visit.runtime.settings.display_zone
    return visit.page("new_batch.html", here="/batches", found=found, zone=zone)


def create(visit: Visit) -> Response:
    """Store the file in a batch that is paused: nothing of it can go out before it is confirmed."""
    file = visit.form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise WrongFields(["file: choose one"])
    engine, by = visit.runtime.console_engine, visit.who.owner
    campaign = show_campaign(engine, visit.given("campaign"))
    fields: dict[str, object] = {
        "batch_id": visit.given("batch_id"),
        "campaign_id": campaign.id,
        "paused": True,
    }
    if starts := visit.given("starts_at"):
        fields["starts_at"] = moment_of("starts_at", starts, visit.runtime.settings.display_zone)
    batch_id = create_batch(engine, fields, by=by).facts.batch_id
    try:
        uploaded = upload_reported(
            visit.runtime.patient_console_engine,
            batch_id,
            file=file.file,
            filename=file.filename,
            by=by,
        )
    except FileFault as fault:
        raise WrongFields([f"nothing was stored: {fault}"]) from None
    return _review(visit, batch_id, uploaded)


def _review(visit: Visit, batch_id: str, uploaded: Uploaded) -> Response:
    """Return what came in, and what the first five are told: whoever has uploaded them may see that."""
    engine = visit.runtime.console_engine
    note_reveal(engine, f"batch {batch_id}", by=visit.who.owner)
    return visit.page(
        "review.html",
        here="/batches",
        batch=show_batch(engine, batch_id),
        uploaded=uploaded,
        told=previews(engine, batch_id, uploaded.first),
        hints=batch_hints(engine, batch_id),
        files=files_of(engine, batch_id),
    )


def show_bad_rows(visit: Visit) -> Response:
    """The bad rows of a file, to be mended: line, column and reason; it quotes no cell."""
    number = int(visit.named("upload"))
    report = report_of(visit.runtime.engine, number)
    if report is None:
        return message_page(404, "There is no report of bad rows under this address.")
    headers = {"Content-Disposition": f'attachment; filename="bad-rows-{number}.csv"'}
    return Response(report, media_type="text/csv", headers=headers)


def confirm(visit: Visit) -> Response:
    """Let it go."""
    batch_id = visit.named("batch")
    resume_batch(visit.runtime.console_engine, batch_id, by=visit.who.owner)
    return go(f"/batches/{quote(batch_id)}?said=confirmed")

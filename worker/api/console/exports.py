"""Results as a file. It names people: whoever takes one is written down."""

from starlette.responses import Response, StreamingResponse

from worker.api.console.visits import Visit
from worker.desk.results import ResultFilter, write_results
from worker.desk.reveals import note_export


def export(visit: Visit) -> Response:
    """Every request of a batch that matches, as CSV, a column per variable."""
    engine, batch_id = visit.runtime.console_engine, visit.named("batch")
    status, outcome = visit.given("status"), visit.given("outcome")
    note_export(engine, batch_id, by=visit.who.owner)
    wanted = ResultFilter([status] if status else None, channel_manager_status=outcome or None)
    lines = write_results(engine, batch_id, wanted, "csv")
    headers = {"Content-Disposition": f'attachment; filename="{batch_id}.csv"'}
    return StreamingResponse(lines, media_type="text/csv", headers=headers)

"""Results as a file. It names people: whoever takes one is written down."""

import csv
import io
from collections.abc import Iterator
from itertools import chain, islice

from starlette.responses import Response, StreamingResponse

from worker.api.console.visits import Visit
from worker.desk.results import results, variable_names
from worker.desk.reveals import note_export
from worker.domain.contract.csv_files import neutralize
from worker.domain.contract.results import RESULT_FIELDS, RequestResult
from worker.domain.statuses import RequestStatus

AT_ONCE = 200
PLAIN = [name for name in RESULT_FIELDS if name != "request_variables"]


def export(visit: Visit) -> Response:
    """Every request of a batch as CSV, a column per variable."""
    engine, batch_id = visit.runtime.console_engine, visit.named("batch")
    word = visit.given("status")
    status = RequestStatus(word) if word in set(RequestStatus) else None
    note_export(engine, batch_id, by=visit.who.owner)
    names = variable_names(engine, batch_id)
    found = results(engine, batch_id, request_status=status)
    headers = {"Content-Disposition": f'attachment; filename="{batch_id}.csv"'}
    return StreamingResponse(_lines(found, names), media_type="text/csv", headers=headers)


def _lines(found: Iterator[RequestResult], names: list[str]) -> Iterator[str]:
    rows: Iterator[list[object]] = chain([[*PLAIN, *names]], (_row(one, names) for one in found))
    while portion := list(islice(rows, AT_ONCE)):
        out = io.StringIO()
        csv.writer(out).writerows(portion)
        yield out.getvalue()


def _row(one: RequestResult, names: list[str]) -> list[object]:
    told = one.to_wire()
    plain = ["" if told[name] is None else told[name] for name in PLAIN]
    cells = [*plain, *(one.request_variables.get(name, "") for name in names)]
    return [neutralize(cell) if isinstance(cell, str) else cell for cell in cells]

"""Answers: values of the wire, written once."""

from datetime import datetime
from typing import TextIO

import orjson
from fastapi import Response
from fastapi.responses import StreamingResponse

from worker.domain.contract.seen_versions import version_of


def json_of(value: object) -> Response:
    """JSON, with 200: the clients we know take no other success."""
    return Response(orjson.dumps(value), media_type="application/json")


def version_in(value: object, changed_at: datetime) -> Response:
    """JSON of something that has versions, with this one's ETag."""
    answer = json_of(value)
    answer.headers["ETag"] = f'"{version_of(changed_at)}"'
    return answer


def csv_in(file: TextIO) -> Response:
    """CSV that stands in a file, which is closed when it has gone out."""
    file.seek(0)
    return StreamingResponse(iter(file), media_type="text/csv")

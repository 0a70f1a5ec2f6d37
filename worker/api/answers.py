"""Answers: values of the wire, written once."""

from collections.abc import Iterator
from datetime import datetime
from tempfile import TemporaryFile
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


def text_file() -> TextIO:
    """A file for the time of an answer."""
    return TemporaryFile("w+", encoding="utf-8", newline="")


def csv_in(file: TextIO) -> Response:
    """CSV that stands in a file, which is closed behind it."""

    def lines() -> Iterator[str]:
        with file:
            file.seek(0)
            yield from file

    return StreamingResponse(lines(), media_type="text/csv")

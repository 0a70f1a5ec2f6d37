"""The API's own documents: `/openapi.json` and a page to try it, which loads nothing from elsewhere."""

from typing import Annotated, Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field
from starlette.types import Lifespan

from worker.api.bodies import LARGEST_BODY

TITLE = "Outreach"
VERSION = "1"
DESCRIPTION = """\
Campaigns say who reaches out, when and with what words; batches hold the people of one occasion; a request
is one person to be reached once. Every call needs a key in the header `Syllable-API-Key`.

`/api/v1/outbound` is spoken by the public SDK, in each of its generations.
"""


class FieldFault(BaseModel):
    """The fault of one field; its value is never repeated."""

    loc: Annotated[list[str | int], Field(description="where it stands, from `body` or `query` on")]
    msg: Annotated[str, Field(description="what is wrong, in words of the field")]
    type: Annotated[str, Field(description="the kind of fault, for programs")]


class HTTPValidationError(BaseModel):
    """Fields that are missing, unknown or wrong."""

    detail: list[FieldFault]


class RefusalSentence(BaseModel):
    """The reason for a refusal, in one sentence."""

    detail: str


_SAID: dict[int, tuple[type[BaseModel], str, Any]] = {
    400: (RefusalSentence, "the body can't be read", "There was an error parsing the body"),
    401: (
        RefusalSentence,
        "no key, or one that is wrong, expired or revoked",
        "this key is not known",
    ),
    403: (RefusalSentence, "the key may not do this", "this key may only read"),
    404: (RefusalSentence, "there is none", "there is no batch '20271121.1'"),
    409: (RefusalSentence, "it can't be done as things stand", "batch '20271121.1' was deleted"),
    412: (
        RefusalSentence,
        "it was changed since the version that `If-Match` names",
        "it was changed since you saw it: read it again, then change it",
    ),
    413: (RefusalSentence, "the body is too large", "Content Too Large"),
    415: (RefusalSentence, "the body is compressed", "send the body as it is"),
    422: (
        HTTPValidationError,
        "a field is missing, unknown or wrong",
        [{"loc": ["body", "batch_id"], "msg": "is missing", "type": "missing"}],
    ),
    429: (
        RefusalSentence,
        "too much at once; `Retry-After` says when to come again",
        "come again later",
    ),
    503: (
        RefusalSentence,
        "the database does not answer",
        "the database does not answer; try again",
    ),
}


def refused_with(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of an operation, for its `responses`; 401, 403, 429 and 503 come with each."""
    return {
        status: {
            "model": _SAID[status][0],
            "description": _SAID[status][1],
            "content": {"application/json": {"example": {"detail": _SAID[status][2]}}},
        }
        for status in sorted({*statuses, 401, 403, 429, 503})
    }


def answered_with(
    model: object, *refusals: int, also: tuple[str, ...] = ()
) -> dict[int | str, dict[str, Any]]:
    """Return what an operation answers, for its `responses`; without a model it is null.

    `also`: content types in which it answers beside JSON.
    """
    kinds: dict[str, Any] = {kind: {} for kind in ("application/json", *also)}
    done: dict[str, Any] = {"description": "it is so", "content": kinds}
    if model is not None:
        done |= {"model": model}
    return {200: done, **refused_with(*refusals)}


def written_as(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """The content types, beside JSON, in which an operation answers, for its `responses`."""
    return {200: {"description": "it is so", "content": {kind: {} for kind in kinds}}}


def documented_app(lifespan: Lifespan[FastAPI]) -> FastAPI:
    """An application with its documents and its limits, and no route yet."""
    return FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        redirect_slashes=False,
        max_body_size=LARGEST_BODY,
        lifespan=lifespan,
    )

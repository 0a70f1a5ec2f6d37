"""Answers to refused requests: faults of fields by their place, all else by one sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from worker.desk.dead_letters import UnknownDeadLetter
from worker.desk.keys import UnknownKey
from worker.desk.suppression_lifts import UnknownSuppression
from worker.desk.visibility import OfOneCampaign, UnknownHere
from worker.desk.waiting_uploads import FileTooLarge, UploadsFull
from worker.domain import errors
from worker.domain.contract.messages import UnknownMessage
from worker.domain.contract.seen_versions import ChangedSince
from worker.domain.errors import FileFault, Mistake, WrongFields
from worker.domain.field_faults import phrase
from worker.runtime import StoreRefused, StoreUnavailable

STATUSES: dict[type[Mistake], int] = {
    errors.UnknownCampaign: 404,
    errors.UnknownBatch: 404,
    errors.UnknownRequest: 404,
    UnknownMessage: 404,
    ChangedSince: 412,
    UnknownHere: 404,
    UnknownDeadLetter: 404,
    UnknownKey: 404,
    UnknownSuppression: 404,
    OfOneCampaign: 403,
    FileTooLarge: 413,
    UploadsFull: 429,
    errors.CampaignConflict: 409,
    errors.CannotChangeMode: 409,
    errors.BatchConflict: 409,
    errors.BatchDeleted: 409,
    errors.BatchExpired: 409,
    errors.BatchArchived: 409,
    errors.CannotMoveExpiry: 409,
}
"""Which of the domain's refusals is which status; one that is not here is 409."""


def install(app: FastAPI) -> None:
    """Let every refusal of this application be told in our words."""
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_exception_handler(WrongFields, _tell_fields)
    app.add_exception_handler(FileFault, _tell_file)
    app.add_exception_handler(Mistake, _tell_mistake)
    app.add_exception_handler(StoreUnavailable, _tell_unavailable)
    app.add_exception_handler(StoreRefused, _tell_refused)
    app.add_exception_handler(Exception, _tell_fault)


def fault_of(place: Sequence[str | int], message: str, kind: str) -> dict[str, Any]:
    """One fault, as HTTPValidationError has it."""
    return {"loc": list(place), "msg": message, "type": kind}


def _invalid(faults: Sequence[Mapping[str, Any]]) -> JSONResponse:
    return JSONResponse({"detail": list(faults)}, 422)


def _sentence(status: int, words: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": words}, status, headers)


def _tell_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _invalid([fault_of(one["loc"], phrase(one), str(one["type"])) for one in error.errors()])


def _tell_fields(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WrongFields)
    return _invalid([_of_phrase(told) for told in error.faults])


def _of_phrase(told: str) -> dict[str, Any]:
    """`webhooks.0.url: must be …` by its place."""
    place, colon, words = told.partition(": ")
    if not colon or " " in place:
        return fault_of(["body"], told, "value_error")
    names = [int(name) if name.isdecimal() else name for name in place.split(".")]
    return fault_of(["body", *names], words, "value_error")


def _tell_file(_: Request, error: Exception) -> JSONResponse:
    return _invalid([fault_of(["body", "file"], str(error), "value_error")])


def _tell_mistake(_: Request, error: Exception) -> JSONResponse:
    statuses = (STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    status = next(statuses, 409)
    return _sentence(status, str(error), {"Retry-After": "60"} if status == 429 else None)


def _tell_unavailable(_: Request, error: Exception) -> JSONResponse:
    # What the driver says names hosts and roles, which are nobody's business here.
    del error
    return _sentence(503, "the database does not answer; try again", {"Retry-After": "5"})


def _tell_refused(_: Request, error: Exception) -> JSONResponse:
    return _invalid([fault_of(["body"], str(error), "value_error")])


def _tell_fault(_: Request, error: Exception) -> JSONResponse:
    del error
    return _sentence(500, "this is a fault of ours; it was written down")

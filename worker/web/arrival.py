"""Proof that what is signed for our public address arrives here as it was signed: for `outreach doctor`."""

from starlette.requests import Request
from starlette.responses import Response

from worker.runtime import Runtime
from worker.web.signed import UnreadableForm, read_signed_form


async def check_arrival(request: Request, runtime: Runtime) -> Response:
    """POST /callbacks/check: 204 when the signature holds. Nothing is written or counted, whoever asks."""
    form = await read_signed_form(request, runtime)
    return Response(status_code=form.status if isinstance(form, UnreadableForm) else 204)

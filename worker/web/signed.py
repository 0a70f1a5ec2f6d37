"""Reading what Twilio posts: the whole body, and whether Twilio signed it for the address we are known by."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from config.settings import Settings
from worker.providers.signatures import twilio_signature_holds
from worker.runtime import Runtime
from worker.web.bodies import read_body

MARK = b"mark="
MAX_FORM = 64 * 1024
MOST_FIELDS = 500


@dataclass(frozen=True, slots=True)
class UnreadableForm:
    """A form that was not read: the status to answer, and a word for the count."""

    status: int
    why: str


async def read_signed_form(request: Request, runtime: Runtime) -> dict[str, str] | UnreadableForm:
    """The fields of a form that Twilio signed, by the token of the account that it names."""
    body = await read_body(request, MAX_FORM)
    if body is None or body.count(b"&") >= MOST_FIELDS:
        return UnreadableForm(413, "too_large")
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    signature = request.headers.get("x-twilio-signature")
    url = signed_url(runtime.settings, request)
    named = next((value for name, value in pairs if name == "AccountSid"), "")
    tokens = runtime.account_book.auth_tokens_of(named) or runtime.settings.twilio_auth_tokens
    if not twilio_signature_holds(url, pairs, signature, tokens):
        return UnreadableForm(403, "signature")
    return dict(pairs)


def signed_url(settings: Settings, request: Request) -> str:
    """The address the provider signed: from the configured base, never from Host or X-Forwarded-*."""
    path = request.scope["raw_path"].decode("latin-1")  # what is not ASCII was never signed
    query = request.scope["query_string"].decode("latin-1")
    return f"{settings.public_url}{path}{'?' if query else ''}{query}"


def written_mark(request: Request) -> str:
    """Return what came with the token in the address; empty with those of before there were marks."""
    query: bytes = request.scope["query_string"]
    return query[len(MARK) :].decode("latin-1") if query.startswith(MARK) else ""

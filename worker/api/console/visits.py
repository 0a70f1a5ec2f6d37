"""One request of somebody who is signed in: judged at the door, answered by a page or a deed."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from worker.api.console.pages import message_page, render
from worker.api.console.proxies import is_encrypted, name_by_proxy
from worker.desk.bulk_deeds import UnknownBulkDeed
from worker.desk.dead_letters import UnknownDeadLetter
from worker.desk.doubts import count_in_doubt
from worker.desk.people import NoSuchPerson
from worker.desk.request_view import NoRequest
from worker.desk.signing_in import (
    SESSION_LASTS,
    NoKeyOfTheirs,
    SignedIn,
    form_token,
    is_form_token,
    sign_in_by_proxy,
    who_is_signed_in,
)
from worker.desk.suppression_lifts import UnknownSuppression
from worker.domain import errors
from worker.domain.callers import Role
from worker.domain.errors import Mistake, WrongFields, where_raised
from worker.runtime import Runtime, StoreRefused, StoreUnavailable

COOKIE = "outreach_session"
NO_FORM = FormData()
MISSING = (
    errors.UnknownBatch,
    errors.UnknownCampaign,
    errors.UnknownRequest,
    NoRequest,
    NoSuchPerson,
    UnknownBulkDeed,
    UnknownDeadLetter,
    UnknownSuppression,
)
"""What an address names and there is not."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to a page: who asks, for what, with which form."""

    runtime: Runtime
    request: Request
    who: SignedIn
    cookie: str
    form: FormData

    def may(self, role: Role) -> bool:
        """Return whether they may do what this role allows."""
        return self.who.role.includes(role)

    def named(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def asked(self, name: str) -> str:
        """Return what the address asks for under this name; empty where nothing."""
        return self.request.query_params.get(name, "").strip()

    def given(self, name: str) -> str:
        """Return what the form has under this name; empty where nothing, or a file."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def ring(self) -> None:
        """Let whoever does what waits look at once."""
        self.request.app.state.ring()

    def page(self, template: str, *, status: int = 200, **shown: object) -> Response:
        """A page for whoever asks."""
        return render(
            template,
            status=status,
            who=self.who,
            may_operate=self.may(Role.OPERATE),
            may_administer=self.may(Role.ADMIN),
            form_token=form_token(self.cookie),
            said=self.asked("said"),
            in_doubt=count_in_doubt(self.runtime.engine),
            **shown,
        )


Handler = Callable[[Visit], Response]


def go(path: str) -> Response:
    """Show another page, by GET."""
    return RedirectResponse(path, 303)


async def answering(runtime: Runtime, role: Role, handler: Handler, request: Request) -> Response:
    """Let whoever is signed in and may have their page, or their deed done."""
    form = await request.form() if request.method == "POST" else FormData()
    try:
        return await run_in_threadpool(_answer, runtime, role, handler, request, form)
    finally:
        await form.close()


def is_from_here(request: Request) -> bool:
    """Return whether a form was sent by a page of this address; a browser says where its page is from."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _answer(
    runtime: Runtime, role: Role, handler: Handler, request: Request, form: FormData
) -> Response:
    try:
        visit = enter(runtime, request, form)
        if visit is None:
            return _show_the_door(runtime, request)
        return _judge(visit, role) or handler(visit)
    except Exception as error:  # noqa: BLE001  a door: nothing that may quote somebody's data is shown
        return _say_why(error)


def _judge(visit: Visit, role: Role) -> Response | None:
    """Return why they may not; None: they may."""
    if not visit.may(role):
        return message_page(403, f"This needs the role {role}; yours is {visit.who.role}.")
    if visit.request.method == "POST" and not _is_own_form(visit):
        return message_page(403, "This form is too old: load the page again.")
    return None


def _say_why(error: Exception) -> Response:
    if isinstance(error, WrongFields):
        return message_page(422, _sentence(error))
    if isinstance(error, NoKeyOfTheirs):
        return message_page(403, _sentence(error))
    if isinstance(error, Mistake):
        return message_page(404 if isinstance(error, MISSING) else 409, _sentence(error))
    if isinstance(error, StoreRefused):
        return message_page(422, "The database can't take this.")
    if isinstance(error, StoreUnavailable):
        return message_page(503, "The database does not answer. Try again in a minute.")
    log.error("console_failed", error=type(error).__name__, at=where_raised(error))
    return message_page(500, "This is a fault of ours; it was written down.")


def enter(runtime: Runtime, request: Request, form: FormData = NO_FORM) -> Visit | None:
    """The visit of whoever is signed in; None: nobody is."""
    cookie = request.cookies.get(COOKIE, "")
    who = who_is_signed_in(runtime.console_engine, cookie) if cookie else None
    named = name_by_proxy(request, runtime.settings)
    if who is None or (named is not None and named.lower() != who.owner.lower()):
        return None
    return Visit(runtime, request, who, cookie, form)


def _show_the_door(runtime: Runtime, request: Request) -> Response:
    """Let in whom a trusted proxy names; anybody else signs in. What was posted is posted again."""
    named = name_by_proxy(request, runtime.settings)
    if named is None:
        return go("/sign-in")
    cookie = sign_in_by_proxy(runtime.console_engine, named)
    return known_by(request, cookie, request.url.path if request.method == "GET" else "/")


def known_by(request: Request, cookie: str, path: str) -> Response:
    """Show another page to a browser that is known by this cookie from now on."""
    answer = go(path)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=is_encrypted(request),
    )
    return answer


def _is_own_form(visit: Visit) -> bool:
    return is_from_here(visit.request) and is_form_token(visit.cookie, visit.given("form_token"))


def _sentence(mistake: Mistake) -> str:
    said = str(mistake)
    return f"{said[:1].upper()}{said[1:]}."

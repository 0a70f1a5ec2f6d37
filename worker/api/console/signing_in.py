"""The console's door: a key, or a link that is shown with a button, which alone spends it."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from worker.api.console.pages import message_page, render
from worker.api.console.visits import COOKIE, Visit, go, is_from_here, known_by
from worker.desk.signing_in import (
    OneCampaign,
    SpentLink,
    sign_in_by_key,
    sign_in_by_link,
    sign_out,
    sign_out_everywhere,
)
from worker.domain.errors import Mistake
from worker.runtime import Runtime, StoreUnavailable


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """A route that needs no sign-in."""

    runtime: Runtime

    async def show(self, request: Request) -> Response:
        """GET: a page with a button. It changes nothing: previews of links fetch them."""
        return render("sign_in.html", link=request.query_params.get("link", ""))

    async def enter(self, request: Request) -> Response:
        """POST: spend the link, and be known by a cookie from now on."""
        form = await request.form()
        link, key = form.get("link", ""), form.get("key", "")
        if not is_from_here(request) or not isinstance(link, str) or not isinstance(key, str):
            return message_page(403, "This form is not ours.")
        try:
            cookie = await run_in_threadpool(self._open, link, key)
        except (SpentLink, OneCampaign, UnknownSecret) as refused:
            return render("sign_in.html", status=403, link="", fault=str(refused))
        except StoreUnavailable:
            return message_page(503, "The database does not answer. Try again in a minute.")
        return known_by(request, cookie, "/")

    def _open(self, link: str, key: str) -> str:
        engine, ring = self.runtime.console_engine, self.runtime.key_ring
        if link:
            return sign_in_by_link(engine, link)
        ring.refresh()
        found = ring.find(key)
        if found is None:
            raise UnknownSecret
        return sign_in_by_key(engine, found)


class UnknownSecret(Mistake):
    """No such key is in force."""

    def __init__(self) -> None:
        super().__init__("this key is not known: it is wrong, expired or revoked")


def leave(visit: Visit) -> Response:
    """End this session."""
    sign_out(visit.runtime.console_engine, visit.cookie, visit.who.owner)
    return _forgotten()


def leave_everywhere(visit: Visit) -> Response:
    """End every session of this person."""
    sign_out_everywhere(visit.runtime.console_engine, visit.who.owner)
    return _forgotten()


def _forgotten() -> Response:
    answer = go("/sign-in")
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer

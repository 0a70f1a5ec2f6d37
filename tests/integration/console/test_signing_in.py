"""Who may enter, by what, and for how long."""

import re

import pytest
from sqlalchemy import Engine, text
from starlette.types import ASGIApp

from tests.browserless import Browserless
from tests.integration.console.conftest import People
from worker.api.console.routes import SIGNED_IN
from worker.desk.audit import list_audit
from worker.desk.keys import NewKey, create_key, revoke_key
from worker.desk.signing_in import make_link
from worker.domain.audit import AuditDoor, Deed
from worker.domain.callers import Role


def filled(path: str) -> str:
    """The path of a route with something in its places."""
    return re.sub(r"\{\w+\}", "x", re.sub(r"\{\w+:int\}", "1", path))


DOOR = "Or ask for a link"


def test_a_link_is_spent_by_the_button_and_not_by_whoever_previews_it(
    engine: Engine, app: ASGIApp
) -> None:
    link = make_link(engine, "ana@example.com", Role.ADMIN)
    browser, thief = Browserless(app), Browserless(app)

    for _ in range(3):
        assert "signs you in once" in browser.get(f"/sign-in?link={link}").text
    assert browser.post("/sign-in", {"link": link}).status == 200
    assert "ana@example.com" in browser.get("/").text

    assert thief.post("/sign-in", {"link": link}).status == 403
    assert thief.cookies == {}


def test_a_link_that_is_too_old_opens_nothing(engine: Engine, app: ASGIApp) -> None:
    link = make_link(engine, "ana@example.com", Role.ADMIN)
    with engine.begin() as connection:
        connection.execute(text("UPDATE console_link SET expires_at = clock_timestamp()"))

    assert Browserless(app).post("/sign-in", {"link": link}).status == 403


def test_the_cookie_is_for_this_site_alone_and_for_no_script(engine: Engine, app: ASGIApp) -> None:
    browser = Browserless(app)
    link = make_link(engine, "ana@example.com", Role.READ)
    browser.post("/sign-in", {"link": link})

    told = browser.told[0].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert "max-age=43200" in told
    with engine.begin() as connection:
        stored = connection.execute(text("SELECT digest FROM console_session")).scalar_one()
    assert browser.cookies["outreach_session"].encode() not in bytes(stored)


def test_without_a_session_every_page_leads_to_the_door(app: ASGIApp) -> None:
    stranger = Browserless(app, cookies={"outreach_session": "made-up"})

    for path, method, *_ in SIGNED_IN:
        plain = filled(path)
        seen = stranger.get(plain) if method == "GET" else stranger.post(plain, {})
        assert DOOR in seen.text or seen.status == 404, path


def test_without_a_session_nothing_is_told_live(app: ASGIApp) -> None:
    assert Browserless(app).get("/live/now").status == 204


def test_signing_out_everywhere_ends_every_session_of_this_person_and_no_other(
    engine: Engine, app: ASGIApp, sign_in: People
) -> None:
    here, there, other = sign_in(Role.ADMIN), sign_in(Role.ADMIN), sign_in(Role.READ)
    here.get("/")
    kept = dict(here.cookies)
    here.post("/sign-out-everywhere", {})

    assert DOOR in there.get("/").text
    assert DOOR in Browserless(app, cookies=kept).get("/").text
    assert DOOR not in other.get("/").text


def test_a_session_ends_by_itself(engine: Engine, sign_in: People) -> None:
    browser = sign_in(Role.ADMIN)
    with engine.begin() as connection:
        connection.execute(text("UPDATE console_session SET expires_at = clock_timestamp()"))

    assert DOOR in browser.get("/").text


def test_signing_in_and_out_is_written_down_with_the_console_as_its_door(
    engine: Engine, sign_in: People
) -> None:
    browser = sign_in(Role.OPERATE)
    browser.get("/")
    browser.post("/sign-out", {})

    told = [(one.deed, one.by, one.door) for one in list_audit(engine)]
    by = "operate@example.com"
    assert told == [
        (Deed.SIGN_OUT, by, AuditDoor.CONSOLE),
        (Deed.SIGN_IN, by, AuditDoor.CONSOLE),
    ]


@pytest.mark.parametrize("path", [path for path, method, *_ in SIGNED_IN if method == "POST"])
def test_a_form_of_another_page_or_site_is_refused(path: str, sign_in: People) -> None:
    browser = sign_in(Role.ADMIN)
    browser.get("/")
    plain = filled(path)

    for seen in (
        browser.post(plain, {"form_token": ""}),
        browser.post(plain, {"form_token": "0" * 64}),
        browser.post(plain, {}, origin="https://elsewhere.example"),
    ):
        assert seen.status == 403


def test_a_key_signs_in_and_its_end_ends_the_session(engine: Engine, app: ASGIApp) -> None:
    _, key = create_key(engine, NewKey("desk", "ana@example.com", Role.OPERATE), by="b@example.com")
    browser = Browserless(app)
    assert browser.post("/sign-in", {"key": "wrong"}).status == 403
    assert browser.cookies == {}

    browser.post("/sign-in", {"key": key})
    assert "ana@example.com · may operate" in browser.get("/").text
    revoke_key(engine, "desk", by="b@example.com")
    assert DOOR in browser.get("/").text


def test_a_key_of_one_campaign_opens_no_console(engine: Engine, app: ASGIApp, batch: str) -> None:
    new = NewKey("one", "ana@example.com", Role.ADMIN, campaign="reminder")
    _, key = create_key(engine, new, by="b@example.com")
    seen = Browserless(app).post("/sign-in", {"key": key})

    assert seen.status == 403
    assert "one campaign alone" in seen.text


def test_no_page_may_load_or_frame_anything_of_elsewhere(app: ASGIApp) -> None:
    for path in ("/sign-in", "/nowhere", "/static/console.css"):
        seen = Browserless(app).get(path)
        assert seen.header("content-security-policy").startswith("default-src 'self';")
        assert "frame-ancestors 'none'" in seen.header("content-security-policy")
        assert seen.header("x-content-type-options") == "nosniff"
    assert Browserless(app).get("/sign-in").header("cache-control") == "no-store"


def test_no_route_of_the_api_takes_a_cookie_and_no_page_takes_a_key(
    app: ASGIApp, sign_in: People
) -> None:
    browser = sign_in(Role.ADMIN)
    seen = browser.get("/api/v1/nothing")
    assert seen.status == 404
    assert seen.text == '{"detail":"Not Found"}'

    stranger = Browserless(app)
    headers = {"syllable-api-key": "anything", "authorization": "Bearer anything"}
    seen = stranger._go("GET", "/", b"", headers)
    assert DOOR in seen.text

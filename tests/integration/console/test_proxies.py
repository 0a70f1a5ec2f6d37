"""Whom a proxy has authenticated is let in, when the proxy itself says so from its own address."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.types import ASGIApp

from config.settings import SettingsError, load
from tests.browserless import Browserless
from tests.doors import settings
from worker.api.app import create
from worker.desk.audit import list_audit
from worker.desk.keys import NewKey, create_key, revoke_key
from worker.domain.audit import Deed
from worker.domain.callers import Role
from worker.runtime import Runtime

HEADER, PROXY = "x-forwarded-user", "10.0.0.5"
ANA, BEN = "ana@example.com", "ben@example.com"


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> ASGIApp:
    for name, value in settings(database_url, "redis://127.0.0.1:1/0", tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRUSTED_USER_HEADER", "X-Forwarded-User")
    monkeypatch.setenv("TRUSTED_USER_FROM", "10.0.0.5, 10.1.0.0/16")
    return create(Runtime(load()))


@pytest.fixture(autouse=True)
def keys(engine: Engine) -> None:
    for name, owner, role in (
        ("a", ANA, Role.READ),
        ("b", ANA, Role.OPERATE),
        ("c", BEN, Role.ADMIN),
    ):
        create_key(engine, NewKey(name, owner, role, None, None, 100), by=ANA)


def behind(app: ASGIApp, user: str, address: str = PROXY) -> Browserless:
    return Browserless(app, address=address, always={HEADER: user})


def test_whom_the_proxy_names_is_in_with_the_widest_of_their_roles(
    engine: Engine, trusting: ASGIApp
) -> None:
    browser = behind(trusting, ANA)
    assert f"{ANA} · may operate" in browser.get("/batches").text
    assert browser.post("/halts", {"scope": "all", "key": "", "why": "look"}).status == 200
    assert browser.post("/halts/lift", {"scope": "all", "key": ""}).status == 403
    assert [one.by for one in list_audit(engine) if one.deed is Deed.SIGN_IN] == [ANA]


@pytest.mark.parametrize("address", ["10.0.0.6", "127.0.0.1", "192.0.2.1", "::1"])
def test_from_anywhere_else_the_header_means_nothing(trusting: ASGIApp, address: str) -> None:
    browser = behind(trusting, ANA, address)
    browser.always["x-forwarded-for"] = PROXY

    assert "Or ask for a link" in browser.get("/").text
    assert browser.cookies == {}


def test_a_header_that_stands_there_twice_names_nobody(trusting: ASGIApp) -> None:
    browser = behind(trusting, BEN)
    browser.once_more = ((HEADER, ANA),)

    assert "Or ask for a link" in browser.get("/").text


def test_a_network_may_be_named(trusting: ASGIApp) -> None:
    assert ANA in behind(trusting, ANA, "10.1.7.7").get("/").text


def test_it_is_off_unless_it_is_set(app: ASGIApp) -> None:
    assert "Or ask for a link" in behind(app, ANA).get("/").text


def test_another_person_behind_the_same_browser_is_somebody_else(trusting: ASGIApp) -> None:
    browser = behind(trusting, ANA)
    browser.get("/")
    browser.always[HEADER] = BEN

    assert f"{BEN} · may do everything" in browser.get("/batches").text


def test_without_a_key_nobody_is_let_in_and_a_revoked_one_ends_it(
    engine: Engine, trusting: ASGIApp
) -> None:
    stranger = behind(trusting, "zoe@example.com").get("/")
    assert stranger.status == 403
    assert "outreach key create" in stranger.text

    browser = behind(trusting, BEN)
    browser.get("/")
    revoke_key(engine, "c", by=ANA)
    assert browser.get("/").status == 403


@pytest.mark.parametrize(
    "given",
    [
        {"TRUSTED_USER_HEADER": "X-User"},
        {"TRUSTED_USER_FROM": "10.0.0.5"},
        {"TRUSTED_USER_HEADER": "X User", "TRUSTED_USER_FROM": "10.0.0.5"},
        {"TRUSTED_USER_HEADER": "X-User", "TRUSTED_USER_FROM": "the proxy"},
    ],
)
@pytest.mark.usefixtures("runtime")
def test_half_of_it_or_a_wrong_one_is_refused_at_the_start(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="TRUSTED_USER"):
        load()

"""The first page: the worst first, and levers for those who may."""

import pytest
from sqlalchemy import Engine

from tests.integration.console.conftest import People
from worker.dispatch.halt import halt, halts_in_force
from worker.domain.callers import Role


def test_with_nothing_there_it_says_what_to_do(sign_in: People) -> None:
    shown = sign_in(Role.READ).get("/").text

    assert "All is well." in shown
    assert "No batch is under way." in shown
    assert "No scheduler has ever run here." in shown


def test_a_halt_of_everything_goes_before_that_of_a_campaign(
    engine: Engine, sign_in: People
) -> None:
    halt(engine, "campaign", "1", "wrong words", "ana@example.com")
    halt(engine, "channel", "sms", "sender not registered", "ana@example.com")
    browser = sign_in(Role.READ)
    assert "The channel sms is halted." in browser.get("/").text

    halt(engine, "all", "", "look first", "ana@example.com")
    shown = browser.get("/").text
    assert shown.count('class="banner"') == 1
    assert "Everything is halted." in shown
    assert "nobody was lost" in shown


def test_whoever_operates_stops_everything_and_an_admin_resumes(
    engine: Engine, sign_in: People
) -> None:
    operator, admin = sign_in(Role.OPERATE), sign_in(Role.ADMIN)
    operator.get("/")
    assert operator.post("/halts", {"scope": "all", "key": "", "why": "fire"}).status == 200
    assert [(one.scope, one.reason, one.halted_by) for one in halts_in_force(engine)] == [
        ("all", "fire", "operate@example.com")
    ]

    assert operator.post("/halts/lift", {"scope": "all", "key": ""}).status == 403
    assert len(halts_in_force(engine)) == 1
    admin.get("/")
    assert admin.post("/halts/lift", {"scope": "all", "key": ""}).status == 200
    assert halts_in_force(engine) == []


@pytest.mark.parametrize(
    "form",
    [
        {"scope": "all", "key": "", "why": ""},
        {"scope": "all", "key": "sms", "why": "x"},
        {"scope": "channel", "key": "pigeon", "why": "x"},
        {"scope": "campaign", "key": "one", "why": "x"},
        {"scope": "", "key": "", "why": "x"},
    ],
)
def test_a_halt_without_a_reason_or_of_nothing_is_refused(
    form: dict[str, str], engine: Engine, sign_in: People
) -> None:
    browser = sign_in(Role.ADMIN)
    browser.get("/")

    assert browser.post("/halts", form).status == 422
    assert halts_in_force(engine) == []

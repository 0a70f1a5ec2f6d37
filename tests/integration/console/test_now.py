"""The first page: the worst first, and levers for those who may."""

import pytest
from sqlalchemy import Engine, text

from tests.factories import SECOND, make_attempt, make_request
from tests.integration.console.conftest import People
from worker.dispatch.halt import Scope, halt, halts_in_force
from worker.domain.callers import Role
from worker.domain.statuses import AttemptState


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


@pytest.mark.parametrize(
    ("scope", "key", "named"),
    [
        ("all", "", "everything"),
        ("channel", "sms", "SMS"),
        ("channel", "sms@second", "SMS of account second"),
        ("source", "voice@main:+15125550100", "+15125550100 of Voice of account main"),
    ],
)
def test_whatever_is_halted_is_named_and_resumed(
    scope: Scope, key: str, named: str, engine: Engine, sign_in: People
) -> None:
    halt(engine, scope, key, "it was refused", "dispatch")
    browser = sign_in(Role.ADMIN)
    assert f"<button>Resume {named}</button>" in browser.get("/").text

    assert "Resumed." in browser.post("/halts/lift", {"scope": scope, "key": key}).text
    assert halts_in_force(engine) == []
    again = browser.post("/halts/lift", {"scope": scope, "key": key})
    assert (again.status, "no longer" in again.text) == (422, True)


PROCESS = text("""
    INSERT INTO process (kind, host, pid, version, started_at, seen_at)
    VALUES (:kind, 'h', :pid, '2', now(), clock_timestamp() - CAST(:silent AS interval))
""")


def speak(engine: Engine, kind: str, *silences: str) -> None:
    """Processes of a kind, each silent for so long."""
    with engine.begin() as connection:
        for pid, silent in enumerate(silences):
            connection.execute(PROCESS, {"kind": kind, "pid": pid, "silent": silent})


def banner(shown: str) -> str:
    return shown[shown.index('class="banner') :].partition("</b>")[0].rpartition("<b>")[2]


def test_each_kind_of_process_has_its_last_sign_of_life(engine: Engine, sign_in: People) -> None:
    speak(engine, "scheduler", "1 second", "2 seconds")
    shown = sign_in(Role.READ).get("/").text
    assert "scheduler ×2 · just now" in shown  # noqa: RUF001  as it is shown
    assert "All is well." in shown

    speak(engine, "webhooks", "48 seconds")
    shown = sign_in(Role.READ).get("/").text
    assert "webhooks · silent for 48 s" in shown
    assert banner(shown) == "The webhooks process is silent."


def test_the_banner_tells_what_keeps_most_people_waiting(
    engine: Engine, batch: str, sign_in: People
) -> None:
    browser = sign_in(Role.READ)

    def told() -> str:
        return banner(browser.get("/").text)

    make_attempt(engine, request=make_request(engine), state=AttemptState.IN_DOUBT)
    assert told() == "One attempt is in doubt."
    speak(engine, "sms", "1 second", "1 hour")
    assert told() == "1 of 2 sms processes is silent."
    halt(engine, "campaign", "1", "wrong words", "ana@example.com")
    assert told() == "Campaign reminder is halted."
    speak(engine, "web", "1 minute")
    assert told() == "The web process is silent."
    halt(engine, "channel", "voice", "line down", "ana@example.com")
    assert told() == "The channel voice is halted."
    halt(engine, "all", "", "fire", "ana@example.com")
    assert told() == "Everything is halted."


def test_how_long_a_provider_takes_is_told_where_it_is_known(
    engine: Engine, sign_in: People
) -> None:
    make_attempt(engine, request=make_request(engine), state=AttemptState.DONE, began_ago=SECOND)
    shown = sign_in(Role.READ).get("/").text

    assert shown.count("answers in") == 1

"""Without Prometheus: whoever is to be told is told once that something began, and once that it is over."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.fixtures.receiver import Receiver
from worker.desk.alarm_bell import AlarmBell
from worker.desk.watchdog import Watchdog, read_rules
from worker.domain.alerts.incidents import AlertRule
from worker.domain.contract.webhooks import signature
from worker.providers.notices import is_understood
from worker.store.connect import connect

SECRET = b"a secret of no use to anybody"
# A plugin of apprise that nobody here uses asks for a module that Python drops in 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")

AWAY = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


def rules(*names: str) -> list[AlertRule]:
    """These, and nobody waits before he tells."""
    return [replace(rule, lasts=0.0) for rule in read_rules() if rule.name in names]


def halt(engine: Engine, *, on: bool) -> None:
    statement = (
        "INSERT INTO halt (scope, key, reason, halted_by) VALUES ('all', '', 'why', 'ana@example.com')"
        if on
        else "DELETE FROM halt"
    )
    with engine.begin() as connection:
        connection.execute(text(statement))


def bell(url: str | None, *addresses: str) -> AlarmBell:
    return AlarmBell(url, [SECRET], addresses, timeout=5.0, allow_private=True)


def turn(dog: Watchdog, alarm: AlarmBell) -> None:
    """One look, and whoever is to be told is."""
    for one in dog.look():
        if alarm.ring(one):
            dog.note_told(one)
        else:
            dog.keep()


def test_an_incident_is_told_once_and_its_end_once_by_a_signed_webhook(
    engine: Engine, tmp_path: Path, receiver: Receiver
) -> None:
    alarm = bell(f"{receiver.url}/alerts")
    dog = Watchdog(engine, tmp_path, rules("OutreachHalted"))
    turn(dog, alarm)
    assert receiver.posted == []

    halt(engine, on=True)
    for _ in range(3):
        turn(dog, alarm)
    # Whoever starts again goes on where the last one stopped.
    dog = Watchdog(engine, tmp_path, rules("OutreachHalted"))
    turn(dog, alarm)
    halt(engine, on=False)
    for _ in range(3):
        turn(dog, alarm)

    told = [json.loads(one.body) for one in receiver.posted]
    assert [(one["type"], one["alert"], one["severity"]) for one in told] == [
        ("alert.began", "OutreachHalted", "page"),
        ("alert.over", "OutreachHalted", "page"),
    ]
    assert told[0]["summary"] == "1 halts are in force: something is not sent"
    first = receiver.posted[0]
    event, stamp = first.headers["webhook-id"], int(first.headers["webhook-timestamp"])
    assert first.headers["webhook-signature"] == signature([SECRET], event, stamp, first.body)


def test_who_did_not_take_it_is_told_again_and_the_others_are_not(
    engine: Engine, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.fail_first = 1
    chat = f"json://{receiver.url.removeprefix('http://')}/chat"
    alarm, dog = (
        bell(f"{receiver.url}/alerts", chat),
        Watchdog(engine, tmp_path, rules("OutreachHalted")),
    )
    halt(engine, on=True)

    for _ in range(3):
        turn(dog, alarm)

    assert sorted(one.path for one in receiver.posted) == ["/alerts", "/chat"]
    [by_chat] = [json.loads(one.body) for one in receiver.posted if one.path == "/chat"]
    assert by_chat["title"] == "page: OutreachHalted"
    assert "RUNBOOK.md#outreachhalted" in by_chat["message"]


def test_a_database_that_is_away_is_told_of_and_no_other_alert_ends_by_it(
    engine: Engine, tmp_path: Path, receiver: Receiver
) -> None:
    alarm = bell(f"{receiver.url}/alerts")
    here = rules("OutreachHalted", "OutreachDatabaseDown")
    halt(engine, on=True)
    turn(Watchdog(engine, tmp_path, here), alarm)

    away = connect(AWAY, guarded=False, profile="fast")
    turn(Watchdog(away, tmp_path, here), alarm)
    away.dispose()
    turn(Watchdog(engine, tmp_path, here), alarm)

    bodies = [json.loads(one.body) for one in receiver.posted]
    told = [(body["type"], body["alert"]) for body in bodies]
    assert told == [
        ("alert.began", "OutreachHalted"),
        ("alert.began", "OutreachDatabaseDown"),
        ("alert.over", "OutreachDatabaseDown"),
    ]


def test_a_file_that_can_not_be_read_stops_nobody(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "watchdog.json").write_text('{"incidents": [{"no": 1}]}', encoding="utf-8")

    assert Watchdog(engine, tmp_path, rules("OutreachHalted")).look() == []


@pytest.mark.parametrize(
    ("address", "understood"),
    [("mailto://ana:secret@example.com", True), ("nonsense", False), ("unheard://x", False)],
)
def test_an_address_is_judged_before_anything_is_told(address: str, understood: bool) -> None:
    assert is_understood(address) == understood

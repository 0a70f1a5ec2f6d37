"""Whoever answers STOP is heard or kept before Twilio is answered, and their words are kept nowhere."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.fixtures.ground import Ground
from tests.integration.web.conftest import Site
from worker.store import schema

INBOUND = "/callbacks/sms/inbound"
SID = "SM" + "0" * 32


def suppressed(engine: Engine) -> list[str]:
    person = schema.recipient.c
    with engine.begin() as connection:
        rows = connection.execute(select(person.identity).where(person.suppressed_at.is_not(None)))
        return list(rows.scalars())


def kept(engine: Engine) -> list[Mapping[str, Any]]:
    with engine.begin() as connection:
        payloads = connection.execute(select(schema.dead_letter.c.payload)).scalars().all()
    return [json.loads(one) for one in payloads]


@pytest.mark.parametrize("written", ["+15125550140", "15125550140", "whatsapp:+15125550140"])
def test_a_stop_is_heard_however_its_number_is_written(
    engine: Engine, site: Site, written: str
) -> None:
    assert site.tell(INBOUND, From=written, Body="Stop it!", MessageSid=SID) == 200

    assert suppressed(engine) == ["+15125550140"]
    assert kept(engine) == []


def test_a_stop_that_could_not_be_kept_comes_again(
    ground: Ground, engine: Engine, site: Site
) -> None:
    said = {"From": "+15125550140", "Body": "STOP", "MessageSid": SID}

    with ground.read_only():
        assert site.tell(INBOUND, **said) == 503
    assert suppressed(engine) == []

    assert site.tell(INBOUND, **said) == 200
    assert suppressed(engine) == ["+15125550140"]


@pytest.mark.parametrize("written", ["72345", "messenger:1234567890", "Acme\0", ""])
def test_a_stop_of_nobody_we_can_read_is_kept_counted_and_told_once(
    engine: Engine, site: Site, capfd: pytest.CaptureFixture[str], written: str
) -> None:
    said = {"From": written, "To": "+15125550100", "Body": "please remove me", "MessageSid": SID}

    assert [site.tell(INBOUND, **said) for _ in range(2)] == [200, 200]

    [letter] = kept(engine)
    assert letter["From"] == written.replace("\0", "")
    assert letter["MessageSid"] == SID
    assert "remove" not in json.dumps(letter)
    assert suppressed(engine) == []
    shown = site.metrics()
    assert 'outreach_callbacks_refused_total{reason="unreadable"} 2.0' in shown
    assert 'outreach_texts_received_total{wish="STOP"} 2.0' in shown
    assert 'outreach_dead_letters{kind="callback"} 1.0' in shown
    logged = capfd.readouterr().out
    assert not written or written not in logged


def test_two_stops_without_an_id_are_two_acts(engine: Engine, site: Site) -> None:
    for number in ("+15125550141", "+15125550142"):
        assert site.tell(INBOUND, From=number, Body="STOP") == 200

    assert sorted(suppressed(engine)) == ["+15125550141", "+15125550142"]


def test_a_start_is_noted_once_and_lifts_nothing_at_the_door(engine: Engine, site: Site) -> None:
    number = "+15125550140"
    assert site.tell(INBOUND, From=number, Body="STOP", MessageSid=SID) == 200
    started = {"From": number, "Body": "START", "MessageSid": "SM" + "1" * 32}

    assert [site.tell(INBOUND, **started) for _ in range(2)] == [200, 200]

    assert suppressed(engine) == [number]
    with engine.begin() as connection:
        assert connection.execute(select(schema.start_message.c.identity)).scalars().all() == [
            number
        ]

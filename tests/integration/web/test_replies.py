"""An answer that is no opt-out is told to the campaign that texted last, and its words are kept nowhere."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, text, update

from tests.factories import (
    DAY,
    make_attempt,
    make_batch,
    make_campaign,
    make_recipient,
    make_request,
)
from tests.integration.web.conftest import Site
from worker.desk.archive import archive_batches
from worker.desk.requests import show_request
from worker.domain.statuses import AttemptState, Channel
from worker.store import schema

INBOUND = "/callbacks/sms/inbound"
ANA, OURS, OTHER = "+15125550140", "+15125550100", "+15125550111"
SERVICE = "MG" + "a" * 32
SID = "SM" + "0" * 32
HOOKS: list[dict[str, Any]] = [
    {"url": "https://one.example.com/"},
    {"url": "https://two.example.com/", "statuses": ["FAILED"]},
]
WORDS = "Can I come on Friday?"


def texted(
    engine: Engine,
    batch_id: str,
    *,
    ago: timedelta,
    source: str = OURS,
    hooks: list[dict[str, Any]] = HOOKS,
    state: AttemptState = AttemptState.DONE,
    channel: Channel = Channel.SMS,
    recipient: int | None = None,
) -> int:
    """A batch whose only request contacted Ana; returns the recipient."""
    recipient = recipient or make_recipient(engine, channel=channel, address=ANA)
    campaign = make_campaign(engine, channel=channel, source=source, webhooks=hooks)
    batch = make_batch(engine, campaign=campaign, batch_id=batch_id)
    request = make_request(engine, batch=batch, recipient=recipient, reference_id=batch_id)
    make_attempt(engine, request=request, state=state, began_ago=ago)
    with engine.begin() as connection:  # of its outcome its receivers know
        connection.execute(text("DELETE FROM webhook_delivery"))
    return recipient


def told(engine: Engine) -> list[dict[str, Any]]:
    with engine.begin() as connection:
        rows = connection.execute(
            text(
                "SELECT url, body, next_try_at IS NOT NULL AS due FROM webhook_delivery ORDER BY url"
            )
        )
        return [{"url": row.url, "due": row.due, **json.loads(row.body)} for row in rows]


def test_the_campaign_that_texted_last_from_that_sender_is_told(engine: Engine, site: Site) -> None:
    person = texted(engine, "first", ago=3 * DAY)
    texted(engine, "last", ago=2 * DAY, recipient=person)
    texted(engine, "elsewhere", ago=DAY, source=OTHER, recipient=person)
    texted(engine, "not-sent", ago=DAY / 2, state=AttemptState.NOT_SENT, recipient=person)
    texted(engine, "called", ago=DAY / 3, channel=Channel.VOICE)

    assert site.tell(INBOUND, From=ANA, To=OURS, Body=WORDS, MessageSid=SID) == 200

    one, two = told(engine)
    assert (one["url"], two["url"]) == ("https://one.example.com/", "https://two.example.com/")
    assert one["due"]
    named = {name: one[name] for name in ("type", "batch_id", "reference_id", "message_sid")}
    assert named == {
        "type": "communication_request.reply",
        "batch_id": "last",
        "reference_id": "last",
        "message_sid": SID,
    }
    assert set(one) - {"url", "due"} == {*named, "id", "occurred_at", "campaign_id"}
    assert one["id"] != two["id"]


def test_a_messaging_service_is_the_sender_too(engine: Engine, site: Site) -> None:
    texted(engine, "served", ago=DAY, source=SERVICE)

    said = {"From": ANA, "To": OTHER, "MessagingServiceSid": SERVICE, "Body": WORDS}
    assert site.tell(INBOUND, **said, MessageSid=SID) == 200

    assert [one["batch_id"] for one in told(engine)] == ["served"] * 2


def test_words_and_numbers_go_nowhere(
    engine: Engine, site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    texted(engine, "B", ago=DAY)
    site.tell(INBOUND, From=ANA, To=OURS, Body=WORDS, MessageSid=SID)

    shown = json.dumps(told(engine)) + capfd.readouterr().out
    assert ANA not in shown
    assert "Friday" not in shown
    [*_, moment] = show_request(engine, "B", "B").moments
    assert moment.what == "webhook of a reply waiting"


def test_a_message_is_told_once_and_two_without_an_id_twice(engine: Engine, site: Site) -> None:
    texted(engine, "B", ago=DAY, hooks=HOOKS[:1] * 2)

    for sid in (SID, SID, "", ""):
        assert site.tell(INBOUND, From=ANA, To=OURS, Body=WORDS, MessageSid=sid) == 200

    assert [one["message_sid"] for one in told(engine)].count(SID) == 1
    assert len(told(engine)) == 3


@pytest.mark.parametrize(
    "said",
    [
        {"Body": "STOP"},
        {"Body": "HELP", "OptOutType": "HELP"},
        {"Body": WORDS, "From": "72345"},
        {"Body": WORDS, "From": "+15125550199"},
        {"Body": WORDS, "To": "+15125550122"},
    ],
    ids=repr,
)
def test_nobody_is_told_of_what_answers_no_text_of_ours(
    engine: Engine, site: Site, said: dict[str, str]
) -> None:
    texted(engine, "B", ago=DAY)

    assert site.tell(INBOUND, **{"From": ANA, "To": OURS, "MessageSid": SID} | said) == 200

    assert told(engine) == []


def test_after_archiving_nobody_is_told(engine: Engine, site: Site, tmp_path: Path) -> None:
    texted(engine, "B", ago=40 * DAY)
    with engine.begin() as connection:
        connection.execute(update(schema.batch).values(finished_at=func.now() - 40 * DAY))
    assert list(archive_batches(engine, older_than=30 * DAY, folder=tmp_path))

    assert site.tell(INBOUND, From=ANA, To=OURS, Body=WORDS, MessageSid=SID) == 200

    assert told(engine) == []

"""A pressed key opts out or asks for a call back, and a call that comes in is told, before the answer."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from tests.asgi import ask
from tests.factories import (
    DAY,
    make_attempt,
    make_batch,
    make_campaign,
    make_recipient,
    make_request,
    token_of,
)
from tests.fixtures.ground import Ground
from tests.integration.web.conftest import Site
from worker.domain.statuses import AttemptState, Channel

ANA, OURS, OTHER = "+15125550140", "+15125550100", "+15125550111"
SID = "CA" + "0" * 32
HOOKS = [{"url": "https://one.example.com/"}, {"url": "https://two.example.com/"}]
INBOUND = "/callbacks/voice/inbound"


def called(engine: Engine, batch_id: str = "B", *, mode: Channel = Channel.VOICE) -> UUID:
    """A batch whose only request called Ana; the call's token."""
    recipient = make_recipient(engine, channel=mode, address=ANA)
    campaign = make_campaign(engine, channel=mode, source=OURS, webhooks=HOOKS)
    batch = make_batch(engine, campaign=campaign, batch_id=batch_id)
    request = make_request(engine, batch=batch, recipient=recipient, reference_id=batch_id)
    attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED, began_ago=DAY)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM webhook_delivery"))
    token = token_of(engine, attempt)
    assert token is not None
    return token


def press(site: Site, token: UUID, digits: str, keys: str = "9=opt-out;1=call-back") -> int:
    path = f"/callbacks/voice/{token}/pressed/{keys}"
    return site.tell(path, CallSid=SID, Digits=digits, From=OURS, To=ANA)


def told(engine: Engine) -> list[dict[str, Any]]:
    query = text("SELECT url, body FROM webhook_delivery ORDER BY url")
    with engine.begin() as connection:
        return [{"url": row.url, **json.loads(row.body)} for row in connection.execute(query)]


def suppressed(engine: Engine) -> list[tuple[str, str]]:
    query = text("SELECT identity, source FROM suppression ORDER BY identity")
    with engine.begin() as connection:
        return [(row.identity, row.source) for row in connection.execute(query)]


def test_a_pressed_key_opts_out_once_and_for_every_batch(engine: Engine, site: Site) -> None:
    token = called(engine)

    assert [press(site, token, "9") for _ in range(2)] == [200, 200]

    assert suppressed(engine) == [(ANA, "key")]
    query = text("SELECT suppressed_at IS NOT NULL FROM recipient WHERE identity = :ana")
    with engine.begin() as connection:
        assert connection.scalar(query, {"ana": ANA})
    assert told(engine) == []


def test_an_opt_out_that_is_not_durable_is_not_answered(
    ground: Ground, engine: Engine, site: Site
) -> None:
    token = called(engine)

    with ground.read_only():
        assert press(site, token, "9") == 503
    assert suppressed(engine) == []
    assert press(site, token, "9") == 200
    assert suppressed(engine) == [(ANA, "key")]


def test_who_asks_for_a_call_back_is_told_to_the_campaign_once(engine: Engine, site: Site) -> None:
    token = called(engine)

    assert [press(site, token, "1") for _ in range(2)] == [200, 200]

    one, two = told(engine)
    assert (one["type"], one["batch_id"], one["call_sid"]) == (
        "communication_request.call_back", "B", SID,
    )  # fmt: skip
    assert one["id"] != two["id"]
    assert suppressed(engine) == []


@pytest.mark.parametrize("digits", ["2", "99", "", "*"])
def test_any_other_key_means_nothing(engine: Engine, site: Site, digits: str) -> None:
    assert press(site, called(engine), digits) == 200

    assert (suppressed(engine), told(engine)) == ([], [])


@pytest.mark.parametrize("mode", [Channel.SMS, None], ids=["a text", "nothing of ours"])
def test_a_token_of_no_call_opts_nobody_out(
    engine: Engine, site: Site, mode: Channel | None
) -> None:
    token = called(engine, mode=mode) if mode else uuid4()

    assert press(site, token, "9") == press(site, token, "1") == 200

    assert (suppressed(engine), told(engine)) == ([], [])


def test_keys_that_were_never_ours_mean_nothing(engine: Engine, site: Site) -> None:
    assert press(site, called(engine), "9", keys="9=everything") == 200

    assert suppressed(engine) == []


def test_the_campaign_that_called_last_is_told_of_a_call_that_comes_in(
    engine: Engine, site: Site
) -> None:
    called(engine)

    for _ in range(2):
        assert site.tell(INBOUND, From=ANA, To=OURS, CallSid=SID) == 200

    assert [one["type"] for one in told(engine)] == ["communication_request.inbound_call"] * 2
    assert {one["call_sid"] for one in told(engine)} == {SID}


@pytest.mark.parametrize(
    "said", [{"From": "+266696687"}, {"From": "anonymous"}, {"To": OTHER}, {"From": OTHER}]
)
def test_nobody_is_told_of_who_answers_no_call_of_ours(
    engine: Engine, site: Site, said: dict[str, str]
) -> None:
    called(engine)
    called(engine, "texts", mode=Channel.SMS)

    assert site.tell(INBOUND, **{"From": ANA, "To": OURS, "CallSid": SID} | said) == 200

    assert told(engine) == []


def test_both_are_counted(engine: Engine, site: Site) -> None:
    token = called(engine)
    press(site, token, "9")
    press(site, token, "1")
    site.tell(INBOUND, From=ANA, To=OURS, CallSid=SID)

    shown = site.metrics()
    assert 'outreach_keys_pressed_total{wish="opt-out"} 1.0' in shown
    assert 'outreach_keys_pressed_total{wish="call-back"} 1.0' in shown
    assert "outreach_calls_received_total 1.0" in shown


def test_what_nobody_signed_is_not_heard(engine: Engine, site: Site) -> None:
    token = called(engine)
    path = f"/callbacks/voice/{token}/pressed/9=opt-out"

    assert ask(site.door.app, "POST", path, b"Digits=9", {})[0] == 403
    assert suppressed(engine) == []

"""Whatever comes back under our mark from an attempt that is gone halts everything, at every door."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from tests.asgi import ask
from tests.factories import (
    database_time,
    make_attempt,
    make_batch,
    make_request,
    token_of,
)
from tests.integration.web.conftest import Site
from worker.desk.dead_letters import list_dead_letters
from worker.dispatch.halt import halts_in_force
from worker.domain.evidence.marks import make_mark
from worker.domain.statuses import AttemptState, Channel

SID = "7" * 32


def call(site: Site, token: UUID, written: str) -> int:
    form = {"CallSid": f"CA{SID}", "CallStatus": "completed", "SequenceNumber": "3"}
    return site.tell(f"/callbacks/voice/{token}?mark={written}", **form)


def machine(site: Site, token: UUID, written: str) -> int:
    form = {"CallSid": f"CA{SID}", "AnsweredBy": "machine_start"}
    return site.tell(f"/callbacks/voice/{token}/answered-by/no_answer?mark={written}", **form)


def text(site: Site, token: UUID, written: str) -> int:
    form = {"MessageSid": f"SM{SID}", "MessageStatus": "sent"}
    return site.tell(f"/callbacks/sms/{token}?mark={written}", **form)


def mail(site: Site, token: UUID, written: str) -> int:
    named = {"outreach_token": str(token), "outreach_mark": written}
    return site.report({"event": "open", "sg_event_id": "e1", "timestamp": 1, **named})


def click(site: Site, token: UUID, written: str) -> int:
    return ask(site.door.app, "POST", f"/unsubscribe/{token}", query=f"mark={written}")[0]


DOORS = {
    "call": (Channel.VOICE, call, 204),
    "machine": (Channel.VOICE, machine, 204),
    "text": (Channel.SMS, text, 204),
    "mail": (Channel.EMAIL, mail, 204),
    "click": (Channel.EMAIL, click, 503),
}


def marked(engine: Engine, site: Site, channel: Channel, token: UUID) -> str:
    now = int(database_time(engine).timestamp() * 1000)
    return make_mark(site.mark_key, channel, token, request=9, began_ms=now)


@pytest.mark.parametrize(("channel", "come", "status"), DOORS.values(), ids=DOORS)
def test_one_that_is_gone_halts_everything(
    engine: Engine,
    site: Site,
    channel: Channel,
    come: Callable[[Site, UUID, str], int],
    status: int,
) -> None:
    token = uuid4()

    assert come(site, token, marked(engine, site, channel, token)) == status

    assert [halt.scope for halt in halts_in_force(engine)] == ["all"]
    assert len(list_dead_letters(engine)) == 1


@pytest.mark.parametrize(("channel", "come", "_"), DOORS.values(), ids=DOORS)
def test_without_a_mark_it_is_what_it_was(
    engine: Engine, site: Site, channel: Channel, come: Callable[[Site, UUID, str], int], _: int
) -> None:
    status = come(site, uuid4(), "")

    assert status == (404 if come is click else 204), channel
    assert halts_in_force(engine) == []


def test_a_call_s_token_opens_no_page_of_a_mail(engine: Engine, site: Site) -> None:
    request = make_request(engine, batch=make_batch(engine, channel=Channel.VOICE))
    token = token_of(engine, make_attempt(engine, request=request, state=AttemptState.DONE))

    assert click(site, token, marked(engine, site, Channel.VOICE, token)) == 404
    assert click(site, token, marked(engine, site, Channel.EMAIL, token)) == 404
    assert halts_in_force(engine) == []

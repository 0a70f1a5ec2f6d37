"""`outreach find`, and the gates of a request: what the console shows, a terminal shows."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from typer.testing import Result

from tests.factories import HOUR, make_batch, make_campaign, make_recipient, make_request
from worker.domain.statuses import Channel

Outreach = Callable[..., Result]
NUMBER = "+15125550142"

pytestmark = pytest.mark.usefixtures("durable")


@pytest.fixture
def batch(engine: Engine) -> int:
    campaign = make_campaign(engine, channel=Channel.SMS, default_region="US")
    batch = make_batch(engine, campaign=campaign, batch_id="B")
    person = make_recipient(engine, channel=Channel.SMS, address=NUMBER)
    make_request(engine, batch=batch, recipient=person, reference_id="R-1", due_in=HOUR)
    return batch


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("what", [NUMBER, "(512) 555-0142", "R-1"])
def test_somebody_is_found_as_they_are_written_and_a_request_by_its_reference(
    what: str, outreach: Outreach
) -> None:
    told = outreach("find", what)

    assert told.exit_code == 0, told.output
    assert "R-1" in told.stdout
    found = json.loads(outreach("find", what, "--json").stdout)
    assert [one["batch_id"] for one in found["requests"]] == ["B"]
    assert "5550142" not in json.dumps(found)


@pytest.mark.usefixtures("batch")
def test_a_batch_is_found_by_its_name_and_nobody_is_said_in_a_sentence(outreach: Outreach) -> None:
    assert "outreach batch show B" in outreach("find", "B").stdout
    assert "nobody by that name" in outreach("find", "+15125559999").stdout
    nobody = outreach("find", "who?")
    assert nobody.exit_code == 1
    assert "no phone number and no mailbox" in nobody.stderr


@pytest.mark.usefixtures("batch")
def test_a_request_says_what_holds_it(outreach: Outreach) -> None:
    outreach("batch", "pause", "B")
    told = outreach("request", "show", "B", "R-1").stdout

    assert "held by paused: by ana@example.com" in told
    assert "held by due: not before" in told
    gates = json.loads(outreach("request", "show", "B", "R-1", "--json").stdout)["held_by"]
    assert {"paused", "due"} <= {gate.split(":")[0] for gate in gates}

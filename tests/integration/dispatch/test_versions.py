"""Each attempt says which version of its campaign it used: the one that was read, not the one in force."""

from dataclasses import dataclass

from sqlalchemy import Engine

from tests.factories import (
    ANA,
    lease,
    make_batch,
    make_campaign,
    make_limits,
    make_request,
    read_attempt,
    read_request,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.desk.campaigns import show_campaign, update_campaign
from worker.desk.request_details import show_details
from worker.dispatch.deliver import deliver
from worker.domain.accounts import MAIN
from worker.domain.content.tickets import Text
from worker.domain.statuses import Channel
from worker.limits import OpenGate


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor(OpenGate):
    """Somebody who changes the words while the permits are waited for."""

    engine: Engine
    campaign: int

    def reserve(self, channel: Channel, source: str, wanted: int, account: str = MAIN) -> int:
        update_campaign(self.engine, str(self.campaign), {"body": "New"}, by=ANA)
        return OpenGate.reserve(self, channel, source, wanted)


def test_an_attempt_says_which_version_of_its_campaign_it_used(
    engine: Engine, connect: Connect
) -> None:
    campaign = make_campaign(engine, channel=Channel.SMS, body="Old")
    update_campaign(engine, str(campaign), {"description": "first edit"}, by=ANA)
    batch = make_batch(engine, campaign=campaign, batch_id="versions")
    request = make_request(engine, batch=batch, reference_id="1")
    provider = FakeProvider(Channel.SMS)

    deliver(
        engine,
        connect(provider),
        make_limits(),
        lease(engine, request),
        Editor(engine=engine, campaign=campaign),
    )

    assert [ticket.content for ticket in provider.tickets] == [Text("Old")]
    assert show_campaign(engine, str(campaign)).version == 3
    assert read_attempt(engine, read_request(engine, request)["attempt"])["campaign_version"] == 2
    seen = show_details(engine, "versions", "1")
    assert [one.campaign_version for one in seen.attempts] == [2]
    [why] = [one.why for one in seen.history.moments if one.what == "attempt began"]
    assert why is not None
    assert why.endswith(", campaign version 2")

"""A text by a messaging service whose answer was lost is found again, or proven absent."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fixtures.sandbox import Sandbox
from tests.integration.providers.connected import PUBLIC_URL, TEXT, ticket
from worker.domain.content.tickets import LookupRequest
from worker.domain.evidence.answers import Unknown
from worker.domain.evidence.lookups import Lookup, Matches
from worker.domain.statuses import Channel
from worker.providers import Moment
from worker.providers.connected import connect

SERVICE = "MG" + "a" * 32


@pytest.mark.parametrize(
    ("number", "found"), [("+15125580124", True), ("+15125580125", False)], ids=["sent", "not sent"]
)
def test_what_a_service_sent_is_found_and_nothing_else(
    sandbox: Sandbox, number: str, found: bool
) -> None:
    sandbox.change(callbacks=False)

    async def scenario() -> Lookup:
        providers = connect(
            twilio_api_url=sandbox.url,
            twilio_account_sid=sandbox.account_sid,
            twilio_auth_token=sandbox.auth_token,
            sendgrid_api_url=sandbox.url,
            sendgrid_api_key=sandbox.api_key,
            public_url=PUBLIC_URL,
            connect_timeout=2,
            read_timeout=2,
            limit=2,
        )
        sent = replace(ticket(TEXT), address=number, source=SERVICE)
        answer = await providers.sms.place(sent, deadline=Moment.now().later(60))
        assert answer == Unknown("connection_lost")
        age = timedelta(minutes=1)
        asked = LookupRequest(1, sent.token, Channel.SMS, None, number, SERVICE, age)
        look = await providers.sms.look_up(asked)
        await providers.close()
        return look

    look = asyncio.run(scenario())

    assert isinstance(look, Matches)
    assert look.other_senders == ()
    assert [report.sid for report in look.reports] == [one["sid"] for one in sandbox.ledger()]
    assert len(look.reports) == found

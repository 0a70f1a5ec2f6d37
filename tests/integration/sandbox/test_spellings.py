"""A provider that stores a number in another spelling is asked until it is found there."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fixtures.sandbox import Sandbox
from tests.integration.providers.connected import PUBLIC_URL, SOURCE, TEXT, ticket
from worker.domain.content.tickets import LookupRequest
from worker.domain.evidence.answers import Unknown
from worker.domain.evidence.lookups import Lookup, Matches
from worker.domain.statuses import Channel
from worker.providers import Moment
from worker.providers.connected import connect


@pytest.mark.parametrize("number", ["+5215512340124", "+5491123450124"])
def test_what_was_accepted_under_another_spelling_is_not_absent(
    sandbox: Sandbox, number: str
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
        sent = replace(ticket(TEXT), address=number)
        answer = await providers.sms.place(sent, deadline=Moment.now().later(60))
        assert answer == Unknown("connection_lost")
        asked = LookupRequest(
            1, sent.token, Channel.SMS, None, number, SOURCE, timedelta(minutes=1)
        )
        look = await providers.sms.look_up(asked)
        await providers.close()
        return look

    look = asyncio.run(scenario())

    assert isinstance(look, Matches)
    [contact] = sandbox.ledger()
    assert [report.sid for report in look.reports] == [contact["sid"]]

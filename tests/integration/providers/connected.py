"""The three providers, pointed at a scripted wire."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import pytest

from tests.integration.providers.wire import Step, Wire, answer
from worker.domain.content.tickets import Call, Content, Mail, Text, Ticket
from worker.domain.evidence.answers import Answer
from worker.domain.statuses import Channel
from worker.providers import Moment, Providers
from worker.providers.connected import connect

T = TypeVar("T")

TOKEN = UUID("7f3cbb6e-3a52-4e0c-9a0e-0d9b6f6f1a11")
ACCOUNT = "AC" + "a" * 32
AUTH_TOKEN = "auth-token-canary"
API_KEY = "SG.key-canary"
PUBLIC_URL = "https://outreach.example"

NUMBER = "+14155550123"
SOURCE = "+15125550100"
MAILBOX = "canary.person@example.com"
SENDER = "billing@example.com"

CALL = Call(twiml="<Response><Say>Hi &amp; bye</Say></Response>", url=None)
TEXT = Text(body="Dear Canary, hello")
MAIL = Mail(subject="Due soon", html="<p>Hi</p>", text="Hi")


CALL_SID = "CA" + "1" * 32
MESSAGE_SID = "SM" + "2" * 32

CONTENTS: dict[Channel, Content] = {Channel.VOICE: CALL, Channel.SMS: TEXT, Channel.EMAIL: MAIL}
EVERY_CHANNEL = pytest.mark.parametrize("channel", list(Channel))
TWILIO_CHANNELS = pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])


def ticket(content: Content) -> Ticket:
    mail = isinstance(content, Mail)
    return Ticket(
        attempt=1,
        request=2,
        token=TOKEN,
        address=MAILBOX if mail else NUMBER,
        source=SENDER if mail else SOURCE,
        content=content,
    )


def soon() -> Moment:
    return Moment.now().later(60)


def connected(url: str, read_timeout: float = 0.3) -> Providers:
    return connect(
        twilio_api_url=url,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=AUTH_TOKEN,
        sendgrid_api_url=url,
        sendgrid_api_key=API_KEY,
        public_url=PUBLIC_URL,
        connect_timeout=0.5,
        read_timeout=read_timeout,
        limit=10,
    )


def during(steps: list[Step], use: Callable[[Providers], Awaitable[T]]) -> tuple[T, Wire]:
    """Run `use` against the script; what it returned, and what the wire saw."""

    async def scenario() -> tuple[T, Wire]:
        async with Wire(steps) as wire:
            providers = connected(wire.url)
            try:
                return await use(providers), wire
            finally:
                await providers.close()

    return asyncio.run(scenario())


def placed(channel: Channel, *steps: Step, content: Content | None = None) -> tuple[Answer, Wire]:
    sent = ticket(content or CONTENTS[channel])
    return during(list(steps), lambda p: p[channel].place(sent, deadline=soon()))


def accepting(channel: Channel) -> Step:
    if channel is Channel.EMAIL:
        return answer(202, X_Message_Id="mail-1")
    return answer(201, {"sid": CALL_SID if channel is Channel.VOICE else MESSAGE_SID})

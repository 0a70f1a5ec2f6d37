"""What Twilio answers when it is asked, and asking it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.providers.connected import (
    MAILBOX,
    NUMBER,
    SENDER,
    SOURCE,
    TOKEN,
    during,
)
from tests.integration.providers.wire import Step, Wire, answer
from worker.domain.content.tickets import LookupRequest
from worker.domain.evidence.lookups import Lookup
from worker.domain.statuses import Channel

NOW = "Tue, 12 Aug 2025 12:00:00 GMT"
SIDS = {Channel.VOICE: "CA" + "1" * 32, Channel.SMS: "SM" + "2" * 32}
LISTS = {Channel.VOICE: "calls", Channel.SMS: "messages"}
PATHS = {Channel.VOICE: "Calls", Channel.SMS: "Messages"}
TWILIO_CHANNELS = pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])


def inquiry(
    channel: Channel, *, sid: str | None = None, age: timedelta = timedelta(minutes=5)
) -> LookupRequest:
    mail = channel is Channel.EMAIL
    return LookupRequest(
        attempt=1,
        token=TOKEN,
        channel=channel,
        sid=sid,
        address=MAILBOX if mail else NUMBER,
        source=SENDER if mail else SOURCE,
        age=age,
    )


def record(channel: Channel, **changes: Any) -> dict[str, Any]:
    return {
        "sid": SIDS[channel],
        "status": "queued",
        "to": NUMBER,
        "from": SOURCE,
        "direction": "outbound-api",
        "date_created": "Tue, 12 Aug 2025 11:56:00 +0000",
        "date_updated": "Tue, 12 Aug 2025 11:56:30 +0000",
        "start_time": None,
    } | changes


def looked(asked: LookupRequest, *steps: Step) -> tuple[Lookup, Wire]:
    return during(list(steps), lambda p: p[asked.channel].look_up(asked))


def listing(channel: Channel, *records: dict[str, Any], date: str = NOW) -> Step:
    return answer(200, {LISTS[channel]: list(records), "next_page_uri": None}, Date=date)

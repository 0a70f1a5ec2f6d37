"""What a record that Twilio answers with means, and taking a call back."""

from dataclasses import replace
from typing import Any

import pytest

from tests.integration.providers.connected import (
    during,
)
from tests.integration.providers.records import (
    NOW,
    SIDS,
    inquiry,
    looked,
    record,
)
from tests.integration.providers.wire import Step, answer
from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.lookups import Matches, Undecided
from worker.domain.evidence.reports import Meaning
from worker.domain.statuses import Channel, ChannelStatus


@pytest.mark.parametrize(
    ("channel", "changes", "meaning", "channel_status"),
    [
        (Channel.VOICE, {"status": "completed"}, Meaning.REACHED, ChannelStatus.COMPLETED),
        (Channel.VOICE, {"status": "busy"}, Meaning.MISSED, ChannelStatus.BUSY),
        (Channel.VOICE, {"status": "canceled"}, Meaning.NEVER_RANG, ChannelStatus.CANCELED),
        (
            Channel.VOICE,
            {"status": "canceled", "start_time": "Tue, 12 Aug 2025 11:57:00 +0000"},
            Meaning.MISSED,
            ChannelStatus.NO_ANSWER,
        ),
        (Channel.SMS, {"status": "delivered"}, Meaning.REACHED, ChannelStatus.DELIVERED),
        (
            Channel.SMS,
            {"status": "undelivered", "error_code": 30003},
            Meaning.MISSED,
            ChannelStatus.UNDELIVERED,
        ),
        (
            Channel.SMS,
            {"status": "failed", "error_code": 30005},
            Meaning.INVALID,
            ChannelStatus.INVALID,
        ),
    ],
)
def test_what_a_fetched_record_means(
    channel: Channel, changes: dict[str, Any], meaning: Meaning, channel_status: ChannelStatus
) -> None:
    step = answer(200, record(channel, **changes), Date=NOW)

    look, _ = looked(inquiry(channel, sid=SIDS[channel]), step)

    assert isinstance(look, Matches)
    (report,) = look.reports
    assert (report.meaning, report.channel_status) == (meaning, channel_status)


@pytest.mark.parametrize(
    ("policy", "answered_by", "channel_status"),
    [
        (OnMachine.NO_ANSWER, "machine_start", ChannelStatus.MACHINE),
        (OnMachine.LEAVE_MESSAGE, "fax", ChannelStatus.MACHINE),
        (OnMachine.NO_ANSWER, "human", ChannelStatus.COMPLETED),
        (OnMachine.NO_ANSWER, "unknown", ChannelStatus.COMPLETED),
        (OnMachine.NO_ANSWER, None, ChannelStatus.COMPLETED),
        (None, "machine_start", ChannelStatus.COMPLETED),
    ],
)
def test_a_fetched_call_tells_of_a_machine_where_the_campaign_minds(
    policy: OnMachine | None, answered_by: str | None, channel_status: ChannelStatus
) -> None:
    call = record(Channel.VOICE, status="completed", answered_by=answered_by)
    asked = replace(inquiry(Channel.VOICE, sid=SIDS[Channel.VOICE]), on_machine=policy)

    look, _ = looked(asked, answer(200, call, Date=NOW))

    assert isinstance(look, Matches)
    assert [report.channel_status for report in look.reports] == [channel_status]


def test_mail_cannot_be_asked_for() -> None:
    look, wire = looked(inquiry(Channel.EMAIL))

    assert look == Undecided("mail_cannot_be_asked")
    assert not wire.seen


@pytest.mark.parametrize(
    ("step", "certain"),
    [
        pytest.param(
            answer(200, record(Channel.VOICE, status="canceled"), Date=NOW), True, id="canceled"
        ),
        pytest.param(
            answer(200, record(Channel.VOICE, status="in-progress"), Date=NOW), False, id="too late"
        ),
        pytest.param(answer(400, {"code": 21220}), False, id="refused"),
        pytest.param(Step(then="close"), False, id="cut"),
    ],
)
def test_a_call_is_canceled_only_when_twilio_says_so(step: Step, certain: bool) -> None:
    canceled, wire = during([step], lambda p: p.voice.cancel(SIDS[Channel.VOICE]))

    (seen,) = wire.seen
    assert canceled is certain
    assert seen.path.endswith(f"/Calls/{SIDS[Channel.VOICE]}.json")
    assert seen.form == {"Status": ["canceled"]}

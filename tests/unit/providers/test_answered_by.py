"""Who answered, told by the detection's callback, and what it makes of the call."""

from uuid import UUID

import pytest

from worker.domain.content.voicemail import OnMachine, voicemail_detection
from worker.domain.evidence.reports import Meaning
from worker.domain.statuses import ChannelStatus
from worker.providers.answered_by import read_answered_by
from worker.providers.voice import STATUSES

TOKEN = UUID("6f1f2a3e-30a5-4f53-9d0e-0b3c2d1e4f50")
SID = "CA" + "0" * 32
LEAVE, MISS, END = OnMachine.LEAVE_MESSAGE, OnMachine.NO_ANSWER, OnMachine.HANG_UP


@pytest.mark.parametrize(
    ("name", "on_machine", "meaning", "channel_status", "corrects"),
    [
        ("human", LEAVE, Meaning.CONNECTED, ChannelStatus.HUMAN, False),
        ("unknown", MISS, Meaning.CONNECTED, ChannelStatus.UNKNOWN, False),
        ("machine_start", MISS, Meaning.MISSED, ChannelStatus.MACHINE, True),
        ("machine_start", END, Meaning.MISSED, ChannelStatus.MACHINE, True),
        ("human", END, Meaning.CONNECTED, ChannelStatus.HUMAN, False),
        ("machine_start", LEAVE, Meaning.REACHED, ChannelStatus.MACHINE, True),
        ("machine_end_beep", LEAVE, Meaning.REACHED, ChannelStatus.MACHINE, True),
        ("machine_end_silence", LEAVE, Meaning.REACHED, ChannelStatus.MACHINE, True),
        ("machine_end_other", MISS, Meaning.MISSED, ChannelStatus.MACHINE, True),
        ("fax", LEAVE, Meaning.UNDELIVERABLE, ChannelStatus.MACHINE, True),
        ("fax", END, Meaning.UNDELIVERABLE, ChannelStatus.MACHINE, True),
        ("fax", MISS, Meaning.UNDELIVERABLE, ChannelStatus.MACHINE, True),
    ],
)
def test_who_answered_by_policy(
    name: str,
    on_machine: OnMachine,
    meaning: Meaning,
    channel_status: ChannelStatus,
    corrects: bool,
) -> None:
    report = read_answered_by({"CallSid": SID, "AnsweredBy": name}, TOKEN, on_machine)

    assert report
    assert (report.meaning, report.channel_status) == (meaning, channel_status)
    assert (report.rank > STATUSES["completed"].rank) is corrects


@pytest.mark.parametrize(
    "params", [{}, {"CallSid": SID, "AnsweredBy": "a dog"}, {"CallSid": "x", "AnsweredBy": "human"}]
)
def test_what_is_no_such_callback_says_nothing(params: dict[str, str]) -> None:
    assert read_answered_by(params, TOKEN, LEAVE) is None


@pytest.mark.parametrize("given", [{}, {"on_machine": "bark"}, {"on_machine": MISS, "x": 1}])
def test_another_shape_of_the_policy_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must be .*leave_message, no_answer, hang_up.*or null"):
        voicemail_detection(given)

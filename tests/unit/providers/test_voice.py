"""Reading a call's status callbacks."""

from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest

from worker.domain.evidence.reports import DIALED_RANK, Meaning, Report
from worker.domain.statuses import Channel, ChannelStatus
from worker.providers.voice import STATUSES, read_callback, report_canceled

TOKEN = UUID("7f3cbb6e-3a52-4e0c-9a0e-0d9b6f6f1a11")
SID = "CA" + "1" * 32


def read(status: str, **params: str) -> Report:
    report = read_callback({"CallSid": SID, "CallStatus": status} | params, TOKEN)
    assert report is not None
    return report


def test_a_callback_as_twilio_sends_it() -> None:
    report = read(
        "in-progress",
        AccountSid="AC" + "a" * 32,
        To="+14155550123",
        SequenceNumber="2",
        Timestamp="Tue, 12 Aug 2025 12:00:00 +0000",
        CallbackSource="call-progress-events",
    )

    assert report == Report(
        channel=Channel.VOICE,
        key=f"{SID}:2",
        token=TOKEN,
        sid=SID,
        name="in-progress",
        rank=40,
        sequence=2,
        meaning=Meaning.CONNECTED,
        channel_status=ChannelStatus.IN_PROGRESS,
        at=datetime(2025, 8, 12, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("status", "sip_code", "meaning", "channel_status"),
    [
        ("queued", None, Meaning.UNDERWAY, ChannelStatus.QUEUED),
        ("initiated", None, Meaning.UNDERWAY, ChannelStatus.QUEUED),
        ("ringing", None, Meaning.UNDERWAY, ChannelStatus.QUEUED),
        ("completed", None, Meaning.REACHED, ChannelStatus.COMPLETED),
        ("completed", "200", Meaning.REACHED, ChannelStatus.COMPLETED),
        ("busy", "486", Meaning.MISSED, ChannelStatus.BUSY),
        ("no-answer", "487", Meaning.MISSED, ChannelStatus.NO_ANSWER),
        ("canceled", None, Meaning.MISSED, ChannelStatus.NO_ANSWER),
        ("failed", None, Meaning.UNDELIVERABLE, ChannelStatus.FAILED),
        ("failed", "404", Meaning.INVALID, ChannelStatus.SIP_NOT_FOUND),
        ("failed", "484", Meaning.INVALID, ChannelStatus.INVALID),
        ("failed", "604", Meaning.INVALID, ChannelStatus.SIP_DOES_NOT_EXIST_ANYWHERE),
        ("failed", "480", Meaning.MISSED, ChannelStatus.SIP_TEMPORARILY_UNAVAILABLE),
        ("failed", "408", Meaning.MISSED, ChannelStatus.FAILED),
        ("failed", "482", Meaning.UNDELIVERABLE, ChannelStatus.SIP_LOOP_DETECTED),
        ("failed", "503", Meaning.MISSED, ChannelStatus.FAILED),
        ("failed", "603", Meaning.MISSED, ChannelStatus.DECLINED),
        ("failed", "499", Meaning.UNDELIVERABLE, ChannelStatus.FAILED),
        ("failed", "none", Meaning.UNDELIVERABLE, ChannelStatus.FAILED),
    ],
)
def test_what_each_word_means(
    status: str, sip_code: str | None, meaning: Meaning, channel_status: ChannelStatus
) -> None:
    report = read(status, **({"SipResponseCode": sip_code} if sip_code else {}))

    assert (report.meaning, report.channel_status) == (meaning, channel_status)


def test_a_failure_carries_its_sip_code() -> None:
    assert read("failed", SipResponseCode="404").code == "sip_404"
    assert read("completed", SipResponseCode="200").code is None


def test_the_words_are_ordered_as_a_call_goes() -> None:
    course = ["queued", "initiated", "ringing", "in-progress", "completed"]

    assert all(STATUSES[a].rank < STATUSES[b].rank for a, b in pairwise(course))


def test_every_last_word_has_the_same_rank() -> None:
    last = {"completed", "busy", "no-answer", "failed", "canceled"}

    assert {STATUSES[name].rank for name in last} == {100}


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"CallSid": SID},
        {"CallStatus": "completed"},
        {"CallSid": SID, "CallStatus": "teleported"},
        {"CallSid": "CA1", "CallStatus": "completed"},
        {"CallSid": SID + "\n", "CallStatus": "completed"},
    ],
)
def test_what_is_no_callback_is_not_read(params: dict[str, str]) -> None:
    assert read_callback(params, TOKEN) is None


@pytest.mark.parametrize("written", ["", "-1", "x", "9" * 30, "²"])
def test_an_odd_sequence_number_is_none(written: str) -> None:
    report = read("ringing", SequenceNumber=written, Timestamp="yesterday")

    assert (report.sequence, report.key, report.at) == (0, f"{SID}:ringing", None)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("21210", Meaning.SENDER_BARRED),
        ("20005", Meaning.ACCOUNT_BARRED),
        ("21215", Meaning.UNDELIVERABLE),
        ("13224", Meaning.INVALID),
    ],
)
def test_the_code_of_a_failed_call_says_who_is_meant(code: str, meaning: Meaning) -> None:
    form = {"CallSid": "CA" + "0" * 32, "CallStatus": "failed", "SipResponseCode": "503"}

    report = read_callback(form | {"ErrorCode": code}, UUID(int=1))

    assert report is not None
    assert (report.meaning, report.code) == (meaning, code)


def test_only_a_call_that_is_queued_was_not_dialed() -> None:
    assert {name for name, word in STATUSES.items() if word.rank < DIALED_RANK} == {"queued"}


def test_what_we_took_back_is_a_last_word_of_nobody_who_heard_it_ring() -> None:
    ours = report_canceled("CA" + "0" * 32)

    assert ours.position > (STATUSES["in-progress"].rank, 99, "in-progress")
    assert (ours.meaning, ours.channel_status) == (Meaning.NEVER_RANG, ChannelStatus.CANCELED)

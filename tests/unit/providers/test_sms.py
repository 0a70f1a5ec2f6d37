"""Reading a message's status callbacks."""

from uuid import UUID

import pytest

from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import Channel, ChannelStatus, SuppressReason
from worker.providers.sms import STATUSES, read_callback

TOKEN = UUID("7f3cbb6e-3a52-4e0c-9a0e-0d9b6f6f1a11")
SID = "SM" + "2" * 32


def read(status: str, error_code: str = "") -> Report:
    params = {"MessageSid": SID, "MessageStatus": status, "ErrorCode": error_code}
    report = read_callback(params, TOKEN)
    assert report is not None
    return report


def test_a_callback_as_twilio_sends_it() -> None:
    params = {
        "MessageSid": SID,
        "SmsSid": SID,
        "MessageStatus": "undelivered",
        "SmsStatus": "undelivered",
        "ErrorCode": "30003",
        "To": "+14155550123",
    }

    assert read_callback(params, TOKEN) == Report(
        channel=Channel.SMS,
        key=f"{SID}:undelivered:30003",
        token=TOKEN,
        sid=SID,
        name="undelivered",
        rank=90,
        sequence=0,
        meaning=Meaning.MISSED,
        channel_status=ChannelStatus.UNDELIVERED,
        code="30003",
    )


def test_the_older_names_are_read_too() -> None:
    assert read_callback({"SmsSid": SID, "SmsStatus": "sent"}, TOKEN) == read("sent")


@pytest.mark.parametrize(
    ("status", "error_code", "meaning", "channel_status"),
    [
        ("accepted", "", Meaning.UNDERWAY, ChannelStatus.ACCEPTED),
        ("queued", "", Meaning.UNDERWAY, ChannelStatus.QUEUED),
        ("sending", "", Meaning.UNDERWAY, ChannelStatus.SENDING),
        ("sent", "", Meaning.UNDERWAY, ChannelStatus.SENT),
        ("delivered", "", Meaning.REACHED, ChannelStatus.DELIVERED),
        ("read", "", Meaning.REACHED, ChannelStatus.OPENED),
        ("canceled", "", Meaning.UNDELIVERABLE, ChannelStatus.CANCELED),
        ("failed", "", Meaning.UNDELIVERABLE, ChannelStatus.DELIVERY_FAILED),
        ("undelivered", "", Meaning.UNDELIVERABLE, ChannelStatus.UNDELIVERED),
        ("undelivered", "30005", Meaning.INVALID, ChannelStatus.INVALID),
        ("undelivered", "30006", Meaning.INVALID, ChannelStatus.INVALID),
        ("undelivered", "30007", Meaning.UNDELIVERABLE, ChannelStatus.UNDELIVERED),
        ("undelivered", "30008", Meaning.MISSED, ChannelStatus.UNDELIVERED),
        ("failed", "30001", Meaning.MISSED, ChannelStatus.DELIVERY_FAILED),
        ("failed", "21610", Meaning.OPTED_OUT, ChannelStatus.UNSUBSCRIBED),
        ("failed", "39999", Meaning.UNDELIVERABLE, ChannelStatus.DELIVERY_FAILED),
        ("failed", "odd", Meaning.UNDELIVERABLE, ChannelStatus.DELIVERY_FAILED),
        ("delivered", "30003", Meaning.REACHED, ChannelStatus.DELIVERED),
    ],
)
def test_what_each_word_means(
    status: str, error_code: str, meaning: Meaning, channel_status: ChannelStatus
) -> None:
    report = read(status, error_code)

    assert (report.meaning, report.channel_status) == (meaning, channel_status)


def test_only_an_opt_out_suppresses() -> None:
    assert read("failed", "21610").suppress is SuppressReason.UNSUBSCRIBED
    assert read("failed", "30007").suppress is None


def test_a_receipt_of_delivery_outranks_an_earlier_failure() -> None:
    assert STATUSES["delivered"].rank > STATUSES["undelivered"].rank == STATUSES["failed"].rank


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"MessageSid": SID, "MessageStatus": "receiving"},
        {"MessageSid": "CA" + "1" * 32, "MessageStatus": "sent"},
        {"MessageStatus": "sent"},
    ],
)
def test_what_is_no_callback_is_not_read(params: dict[str, str]) -> None:
    assert read_callback(params, TOKEN) is None

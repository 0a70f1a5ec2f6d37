"""Reading the event webhook."""

import json
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import Channel, ChannelStatus, SuppressReason
from worker.providers.email import EVENTS, read_events

TOKEN = UUID("7f3cbb6e-3a52-4e0c-9a0e-0d9b6f6f1a11")


def event(name: object, **fields: Any) -> dict[str, Any]:
    return {
        "email": "canary.person@example.com",
        "timestamp": 1_600_112_492,
        "event": name,
        "sg_event_id": f"id-{name}",
        "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
        "outreach_token": str(TOKEN),
    } | fields


def read(name: str, **fields: Any) -> Report:
    (report,) = read_events(json.dumps([event(name, **fields)]).encode())
    return report


def test_an_event_as_sendgrid_sends_it() -> None:
    assert read("delivered", response="250 OK", category=["a"]) == Report(
        channel=Channel.EMAIL,
        key="id-delivered",
        token=TOKEN,
        sid="LRzXl_NHStOGhQ4kofSm_A",
        name="delivered",
        rank=60,
        sequence=0,
        meaning=Meaning.REACHED,
        channel_status=ChannelStatus.DELIVERED,
        at=datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC),
    )


Fields = dict[str, Any]
_M, _C, _S = Meaning, ChannelStatus, SuppressReason


@pytest.mark.parametrize(
    ("name", "fields", "meaning", "channel_status", "suppress"),
    [
        ("processed", {}, _M.UNDERWAY, _C.PROCESSED, None),
        ("deferred", {}, _M.UNDERWAY, _C.DEFERRED, None),
        ("delivered", {}, _M.REACHED, _C.DELIVERED, None),
        ("open", {}, _M.NOTED, _C.OPENED, None),
        ("click", {}, _M.NOTED, _C.CLICKED, None),
        ("unsubscribe", {}, _M.NOTED, _C.UNSUBSCRIBED, _S.UNSUBSCRIBED),
        ("group_unsubscribe", {}, _M.NOTED, _C.UNSUBSCRIBED, _S.UNSUBSCRIBED),
        ("spamreport", {}, _M.NOTED, _C.SPAM_REPORT, _S.SPAM_REPORT),
        ("bounce", {}, _M.UNDELIVERABLE, _C.BOUNCED, _S.BOUNCED),
        (
            "bounce",
            {"type": "bounce", "bounce_classification": "Invalid Address"},
            _M.INVALID,
            _C.BOUNCED,
            _S.BOUNCED,
        ),
        ("bounce", {"type": "bounce", "status": "5.1.1"}, _M.INVALID, _C.BOUNCED, _S.BOUNCED),
        ("bounce", {"type": "bounce", "status": "5.2.2"}, _M.UNDELIVERABLE, _C.BOUNCED, _S.BOUNCED),
        ("bounce", {"type": "blocked"}, _M.MISSED, _C.BOUNCED, None),
        (
            "bounce",
            {"type": "blocked", "bounce_classification": "Reputation"},
            _M.UNDELIVERABLE,
            _C.BOUNCED,
            None,
        ),
        (
            "dropped",
            {"reason": "Unsubscribed Address"},
            _M.OPTED_OUT,
            _C.UNSUBSCRIBED,
            _S.UNSUBSCRIBED,
        ),
        (
            "dropped",
            {"reason": "Spam Reporting Address"},
            _M.OPTED_OUT,
            _C.SPAM_REPORT,
            _S.SPAM_REPORT,
        ),
        ("dropped", {"reason": "Bounced Address"}, _M.INVALID, _C.BOUNCED, _S.BOUNCED),
        ("dropped", {"reason": "Invalid"}, _M.INVALID, _C.DROPPED, _S.DROPPED),
        ("dropped", {"reason": "Spam Content"}, _M.UNDELIVERABLE, _C.DROPPED, None),
        ("dropped", {"reason": 5}, _M.UNDELIVERABLE, _C.DROPPED, None),
    ],
)
def test_what_each_event_means(
    name: str,
    fields: Fields,
    meaning: Meaning,
    channel_status: ChannelStatus,
    suppress: SuppressReason | None,
) -> None:
    report = read(name, **fields)

    assert (report.meaning, report.channel_status, report.suppress) == (
        meaning,
        channel_status,
        suppress,
    )


def test_a_bounce_carries_the_status_and_never_the_reason() -> None:
    reason = "550 5.1.1 canary.person@example.com does not exist"

    report = read("bounce", type="bounce", status="5.1.1", reason=reason)

    assert report.code == "5.1.1"
    assert "canary" not in repr(report)


def test_a_bounce_after_delivery_wins_and_a_wish_to_stop_is_never_hidden() -> None:
    ranks = {name: word.rank for name, word in EVENTS.items()}

    assert ranks["processed"] < ranks["deferred"] < ranks["delivered"] < ranks["bounce"]
    assert min(ranks["unsubscribe"], ranks["spamreport"]) > ranks["bounce"]


@pytest.mark.parametrize(
    "foreign",
    [
        event("teleported", outreach_token=None),
        event("group_resubscribe"),
        event("group_resubscribe", outreach_token=None),
        event("account_status_change"),
    ],
)
def test_what_is_of_no_mail_is_passed_over(foreign: Fields) -> None:
    events = read_events(json.dumps([foreign, event("open")]).encode())

    assert [one.name for one in events] == ["open"]
    assert events.unreadable == 0


@pytest.mark.parametrize(
    ("body", "unreadable"),
    [
        (json.dumps([event("teleported"), event("open"), event(None)]).encode(), 2),
        (json.dumps([7, event("open"), None]).encode(), 2),
    ],
)
def test_what_of_ours_cannot_be_read_is_counted(body: bytes, unreadable: int) -> None:
    events = read_events(body)

    assert [one.name for one in events] == ["open"]
    assert events.unreadable == unreadable


@pytest.mark.parametrize("body", [b"", b"soon", b"{}", b"\xff"])
def test_what_is_no_array_is_counted(body: bytes) -> None:
    events = read_events(body)

    assert not events
    assert events.unreadable == 1


def test_an_event_without_an_id_is_known_again_by_its_content() -> None:
    first, again = read("open", sg_event_id=None), read("open", sg_event_id=None)

    assert first.key == again.key
    assert first.key != read("open", sg_event_id=None, timestamp=1_600_112_493).key
    assert len(first.key) == 64


@pytest.mark.parametrize("odd", [None, "1600112492", -1, 10**12, 1.5])
def test_an_odd_timestamp_or_message_id_is_none(odd: object) -> None:
    report = read("open", timestamp=odd, sg_message_id=odd)

    assert report.at is None
    assert report.sid in {None, "1600112492"}


GOOD = json.dumps(event("spamreport")).encode()
POISON: dict[str, bytes] = {
    "NaN": b'{"event": "open", "x": NaN, "outreach_token": "%s"}' % str(TOKEN).encode(),
    "infinity": b'{"event": "open", "x": -Infinity, "outreach_token": "%s"}' % str(TOKEN).encode(),
    "a NUL in an id": json.dumps(event("open", sg_event_id="a\0")).encode(),
    "half a surrogate": json.dumps(event("open", sg_event_id=None, reason="\ud800")).encode(),
    "no UTF-8": json.dumps(event("open")).encode().replace(b"canary", b"\xff\xfe"),
    "a raw control character": json.dumps(event("open")).encode().replace(b"canary", b"\x01\n"),
    "a number of 5,000 digits": json.dumps(event("open")).encode()[:-1]
    + b', "n": '
    + b"9" * 5000
    + b"}",
    "a number for a name": json.dumps(event(17)).encode(),
    "a list for a name": json.dumps(event(["open"])).encode(),
    "a list for an id": json.dumps(event("open", sg_event_id=[1], sg_message_id={})).encode(),
    "no object": b"17",
    "no JSON": b'{"event": open, "outreach_token": "x"}',
    "brackets in brackets": b'{"event": "open", "outreach_token": "%s", "x": %s%s}'
    % (str(TOKEN).encode(), b"[" * 1000, b"]" * 1000),
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
@pytest.mark.parametrize("place", ["[%b, %b]", "[%b,\n%b\n]\n"])
@pytest.mark.parametrize("first", [True, False])
def test_no_event_costs_its_neighbour_anything(poison: bytes, place: str, first: bool) -> None:
    parts = (GOOD, poison) if first else (poison, GOOD)

    events = read_events(place.encode() % parts)

    assert "spamreport" in [one.name for one in events]
    assert len(events) + events.unreadable == 2
    for one in events:
        one.key.encode("ascii")
        assert "\0" not in one.key
    for text in events.unread:
        assert "\0" not in text
        text.encode()


def test_what_cannot_be_read_is_kept_whole() -> None:
    odd = event("teleported", note=float("nan"))

    assert [
        json.loads(text)["event"] for text in read_events(json.dumps([odd]).encode()).unread
    ] == ["teleported"]
    assert read_events(b"so\xffon\0").unread == ["so\\xffon\\u0000"]


def test_one_object_that_stands_alone_is_read() -> None:
    assert [one.name for one in read_events(GOOD)] == ["spamreport"]


MANY = {
    "numbers": b"[" + b"1," * 1_000_000 + GOOD + b"]",
    "empty objects": b"[" + b"{}," * 600_000 + GOOD + b"]",
    "numbers between events": b"[" + (b"1," + GOOD + b",") * 2_000 + b"1]",
}


@pytest.mark.parametrize("body", MANY.values(), ids=MANY)
def test_a_million_elements_that_are_no_events_are_kept_in_few_pieces(body: bytes) -> None:
    began = time.process_time()

    events = read_events(body)

    assert time.process_time() - began < 4
    assert {one.name for one in events} == {"spamreport"}
    assert events.unreadable == 1_001
    assert "".join(events.unread).count("1" if b"1" in body[:9] else "{}") == len(
        json.loads(body)
    ) - len(events)


@pytest.mark.parametrize(
    "body",
    [
        b"[NaN" + b",1" * 1_000_000 + b"]",
        b"[" + b'{"x},' * 400_000,
        b"[-Infinity" + b",{}" * 600_000,
    ],
    ids=["numbers", "broken objects", "empty objects"],
)
def test_so_are_those_of_a_delivery_that_is_no_json(body: bytes) -> None:
    began = time.process_time()

    events = read_events(body)

    assert time.process_time() - began < 4
    assert not events
    assert events.unreadable <= 1_001
    assert sum(map(len, events.unread)) > len(body) // 2

"""Asking Twilio about an attempt: what goes over the wire, and what may be concluded from the answer."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.providers.connected import (
    ACCOUNT,
    NUMBER,
    SOURCE,
    TOKEN,
)
from tests.integration.providers.records import (
    LISTS,
    NOW,
    PATHS,
    SIDS,
    TWILIO_CHANNELS,
    inquiry,
    listing,
    looked,
    record,
)
from tests.integration.providers.wire import Step, answer
from worker.domain.evidence.lookups import Matches, Undecided
from worker.domain.evidence.reports import Meaning
from worker.domain.statuses import Channel
from worker.providers.twilio_lookup import LISTED


@TWILIO_CHANNELS
def test_without_a_sid_the_recipient_is_asked_for_without_dates(channel: Channel) -> None:
    look, wire = looked(inquiry(channel), listing(channel, record(channel)))

    (seen,) = wire.seen
    path, _, query = seen.path.partition("?")
    assert (seen.method, path) == ("GET", f"/2010-04-01/Accounts/{ACCOUNT}/{PATHS[channel]}.json")
    assert parse_qs(query) == {"To": [NUMBER], "PageSize": [str(LISTED)]}
    assert isinstance(look, Matches)
    (report,) = look.reports
    assert (report.sid, report.token, report.name) == (SIDS[channel], TOKEN, "queued")
    assert report.meaning is Meaning.UNDERWAY


@TWILIO_CHANNELS
def test_an_empty_list_is_an_empty_look(channel: Channel) -> None:
    assert looked(inquiry(channel), listing(channel))[0] == Matches(())


MEXICAN = "+5215512345678"


@TWILIO_CHANNELS
def test_a_number_with_several_spellings_is_asked_for_by_each(channel: Channel) -> None:
    stored = record(channel, to="+525512345678")
    asked = replace(inquiry(channel), address=MEXICAN)

    look, wire = looked(asked, listing(channel), listing(channel, stored))

    queries = [parse_qs(urlsplit(seen.path).query)["To"] for seen in wire.seen]
    assert queries == [[MEXICAN], ["+525512345678"]]
    assert isinstance(look, Matches)
    assert [report.sid for report in look.reports] == [SIDS[channel]]


@TWILIO_CHANNELS
def test_a_spelling_that_could_not_be_asked_for_decides_nothing(channel: Channel) -> None:
    asked = replace(inquiry(channel), address=MEXICAN)

    look, _ = looked(asked, listing(channel), answer(500))

    assert look == Undecided("http_500")


@TWILIO_CHANNELS
@pytest.mark.parametrize(
    ("changes", "count"),
    [
        pytest.param({"date_created": "Tue, 12 Aug 2025 11:54:00 +0000"}, 1, id="just before"),
        pytest.param({"date_created": None}, 1, id="undated could be ours"),
        pytest.param({"direction": None}, 1, id="without direction could be ours"),
        pytest.param({"date_created": "Tue, 12 Aug 2025 11:00:00 +0000"}, 0, id="long before"),
        pytest.param({"direction": "inbound"}, 0, id="inbound"),
    ],
)
def test_only_what_could_be_the_attempt_is_a_candidate(
    channel: Channel, changes: dict[str, Any], count: int
) -> None:
    look, _ = looked(inquiry(channel), listing(channel, record(channel, **changes)))

    assert isinstance(look, Matches)
    assert len(look.reports) == count


@TWILIO_CHANNELS
def test_the_age_is_measured_on_the_providers_clock(channel: Channel) -> None:
    """Ours may be wrong by years: the record of 11:56 is 4 minutes old at Twilio's 12:00."""
    asked = inquiry(channel, age=timedelta(hours=10))
    found = listing(channel, record(channel), date="Tue, 12 Aug 2025 22:00:00 GMT")

    look, _ = looked(asked, found)

    assert isinstance(look, Matches)
    assert len(look.reports) == 1


@TWILIO_CHANNELS
@pytest.mark.parametrize("sid", [None, "known"])
@pytest.mark.parametrize(
    ("step", "code"),
    [
        pytest.param(answer(500), "http_500", id="500"),
        pytest.param(answer(429, {"code": 20429}), "20429", id="429"),
        pytest.param(answer(302, Location="/"), "http_302", id="302"),
        pytest.param(answer(404, {"code": 20404}), "20404", id="404"),
        pytest.param(Step(then="hang"), "read_timeout", id="timeout"),
        pytest.param(answer(200, b"soon", Date=NOW), "garbled", id="no JSON"),
        pytest.param(answer(200, b"[]", Date=NOW), "garbled", id="no object"),
        pytest.param(answer(200, {"a": 1, "b": 2}), None, id="other object"),
    ],
)
def test_a_failure_decides_nothing(
    channel: Channel, sid: str | None, step: Step, code: str | None
) -> None:
    look, _ = looked(inquiry(channel, sid=SIDS[channel] if sid else None), step)

    assert isinstance(look, Undecided)
    assert code is None or look.code == code


@TWILIO_CHANNELS
def test_an_undated_answer_decides_nothing(channel: Channel) -> None:
    step = answer(200, {LISTS[channel]: []})

    assert looked(inquiry(channel), step)[0] == Undecided("undated")


@TWILIO_CHANNELS
def test_a_list_that_may_be_cut_decides_nothing(channel: Channel) -> None:
    look, _ = looked(inquiry(channel), listing(channel, *[record(channel)] * LISTED))

    assert look == Undecided("truncated")


@TWILIO_CHANNELS
def test_a_list_whose_next_page_fails_decides_nothing(channel: Channel) -> None:
    first = {LISTS[channel]: [record(channel)], "next_page_uri": "/2010-04-01/next.json"}

    look, wire = looked(inquiry(channel), answer(200, first, Date=NOW), answer(500))

    assert look == Undecided("http_500")
    assert len(wire.seen) == 2


@TWILIO_CHANNELS
def test_what_reached_the_same_person_from_another_sender_is_named_apart(channel: Channel) -> None:
    stranger = record(channel, **{"from": "+15125550177"})

    look = looked(inquiry(channel), listing(channel, stranger))[0]

    assert look == Matches((), other_senders=(str(stranger["sid"]),))


@TWILIO_CHANNELS
@pytest.mark.parametrize("changes", [{"status": "teleported"}, {"sid": "nonsense"}])
def test_a_record_in_unknown_words_decides_nothing(
    channel: Channel, changes: dict[str, Any]
) -> None:
    look, _ = looked(inquiry(channel), listing(channel, record(channel, **changes)))

    assert look == Undecided("unreadable")


@TWILIO_CHANNELS
def test_with_a_sid_the_record_itself_is_asked_for(channel: Channel) -> None:
    asked = inquiry(channel, sid=SIDS[channel])

    look, wire = looked(asked, answer(200, record(channel), Date=NOW))

    assert urlsplit(wire.seen[0].path).path.endswith(f"/{PATHS[channel]}/{SIDS[channel]}.json")
    assert isinstance(look, Matches)
    assert [report.sid for report in look.reports] == [SIDS[channel]]


def test_what_a_record_holds_stays_in_the_room(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    look, _ = looked(
        inquiry(Channel.SMS), listing(Channel.SMS, record(Channel.SMS, body="Dear Canary"))
    )

    told = f"{look!r} {caplog.text}"
    assert not [canary for canary in (NUMBER, NUMBER[1:], "Canary") if canary in told], json.dumps(
        told
    )


SERVICE, ANOTHER = "MG" + "a" * 32, "MG" + "b" * 32
BY_SERVICE: dict[str, tuple[str, dict[str, object], bool]] = {
    "ours, its number chosen": (SERVICE, {"from": "+15125580007", "messaging_service_sid": SERVICE}, True),
    "ours, no number yet": (SERVICE, {"from": None, "messaging_service_sid": SERVICE}, True),
    "another service": (SERVICE, {"from": "+15125580007", "messaging_service_sid": ANOTHER}, False),
    "the service's number, without it": (SERVICE, {"from": "+15125580007"}, False),
    "a service with our number": (SOURCE, {"from": SOURCE, "messaging_service_sid": SERVICE}, False),
    "our number": (SOURCE, {"from": SOURCE, "messaging_service_sid": None}, True),
    "our name": ("Hill", {"from": "Hill"}, True),
    "another name": ("Hill", {"from": "Dale"}, False),
}  # fmt: skip


@pytest.mark.parametrize(("source", "changes", "ours"), BY_SERVICE.values(), ids=BY_SERVICE)
def test_a_message_is_known_by_what_it_was_asked_to_come_from(
    source: str, changes: dict[str, object], ours: bool
) -> None:
    """Else what a service sent would be a stranger, and absence proven of what was sent."""
    asked = replace(inquiry(Channel.SMS), source=source)

    look, _ = looked(asked, listing(Channel.SMS, record(Channel.SMS, **changes)))

    assert isinstance(look, Matches)
    sid = SIDS[Channel.SMS]
    found = ([one.sid for one in look.reports], list(look.other_senders))
    assert found == (([sid], []) if ours else ([], [sid]))

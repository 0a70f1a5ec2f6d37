"""Twilio's wire: tokens, refusals, dates, pages."""

import json
import re
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from worker.sandbox.options import Options
from worker.sandbox.twilio_wire import TwilioError, check_parties, new_sid, page, rfc2822, token_of

OPTIONS = Options(4010, "AC1", "token", "SG.key", "", "")
PARTIES = {"To": "+15125550100", "From": "+15125550199"}
LONG_AGO = 1_000_000_000.0

CALLBACKS: dict[str | None, str | None] = {
    "http://127.0.0.1/callbacks/voice/abc": "abc",
    "http://127.0.0.1/callbacks/voice/abc#rc=3&rp=ct,rt,5xx": "abc",
    "http://127.0.0.1/callbacks/voice/abc/": "abc",
    "http://127.0.0.1/callbacks/voice/abc?mark=a-b_c#rc=3&rp=ct,rt,5xx": "abc",
    "": None,
    None: None,
}


@pytest.mark.parametrize(("callback", "token"), CALLBACKS.items())
def test_the_token_is_the_last_part_of_the_callbacks_path(
    callback: str | None, token: str | None
) -> None:
    assert token_of(callback) == token


REFUSED: dict[str, tuple[dict[str, str], int]] = {
    "nobody to call": ({"To": ""}, 21201),
    "nobody who calls": ({"From": ""}, 21213),
    "a number without its country": ({"To": "5125550100"}, 21211),
    "a number that is too long": ({"To": "+1512555010000000"}, 21211),
    "a sender that is a name": ({"From": "CLINIC"}, 21606),
}


@pytest.mark.parametrize(("change", "code"), REFUSED.values(), ids=REFUSED)
def test_parties_are_refused_with_twilios_code(change: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioError) as refused:
        check_parties(PARTIES | change, OPTIONS)

    assert body_of(refused.value.answer) == {
        "code": code,
        "message": str(refused.value),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": 400,
    }


def test_good_parties_pass() -> None:
    check_parties(PARTIES, OPTIONS)


def test_a_sid_is_its_kind_and_32_hexadecimal_digits_and_never_the_same() -> None:
    sids = {new_sid("CA") for _ in range(100)}

    assert len(sids) == 100
    assert all(re.fullmatch("CA[0-9a-f]{32}", sid) for sid in sids)


def test_dates_are_written_as_in_mail() -> None:
    assert rfc2822(LONG_AGO) == "Sun, 09 Sep 2001 01:46:40 +0000"


def listed(query: str, n: int = 5, lag: float = 0) -> dict[str, Any]:
    """Call 0 is the oldest; calls to two numbers take turns."""
    calls = [
        {"sid": number, "to": f"+{number % 2}", "from": "+9", "status": "queued"}
        for number in range(n)
    ]
    request = make_mocked_request("GET", f"/Calls.json{query}")
    return body_of(page(request, "calls", [(LONG_AGO, call) for call in calls], lag))


def body_of(answer: Any) -> dict[str, Any]:
    return dict(json.loads(answer.text))


PAGES = {
    "newest first": ("", [4, 3, 2, 1, 0]),
    "a page": ("?PageSize=2", [4, 3]),
    "the next page": ("?PageSize=2&Page=1", [2, 1]),
    "the last page": ("?PageSize=2&Page=2", [0]),
    "one recipient": ("?To=%2B1", [3, 1]),
    "another status": ("?Status=completed", []),
    "another sender": ("?From=%2B8", []),
}


@pytest.mark.parametrize(("query", "sids"), PAGES.values(), ids=PAGES)
def test_a_list_is_filtered_and_paged(query: str, sids: list[int]) -> None:
    assert [call["sid"] for call in listed(query)["calls"]] == sids


def test_a_page_names_the_next_one_with_its_filter_until_the_last() -> None:
    following = listed("?To=%2B0&PageSize=2")["next_page_uri"]

    assert following.startswith("/Calls.json?To=%2B0&PageSize=2&Page=1")
    assert listed("?To=%2B0&PageSize=2&Page=1")["next_page_uri"] is None


def test_what_was_just_accepted_is_missing_where_lists_lag() -> None:
    assert listed("", lag=1e12)["calls"] == []

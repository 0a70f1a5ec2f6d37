"""A campaign in the words of the public API becomes ours, or is refused by the field's name."""

from typing import Any

import pytest

from worker.domain.contract.campaigns import CampaignFields
from worker.domain.contract.outbound.campaigns_in import campaign_fields_said
from worker.domain.contract.outbound.line_types import BUCKETS, allowed_buckets, refused_types
from worker.domain.contract.outbound.override_rules import rules_of
from worker.domain.errors import WrongFields
from worker.domain.statuses import Channel


def said(
    channel: Channel = Channel.SMS, *, of_one: int | None = 1, **fields: Any
) -> dict[str, Any]:
    return campaign_fields_said(fields, fields, channel, of_one=of_one)


@pytest.mark.parametrize(
    ("channel", "given", "ours"),
    [
        (Channel.SMS, {"body": "Hi", "a": "1"}, {"campaign_variables": {"a": "1"}, "body": "Hi"}),
        (Channel.SMS, {"subject": "x"}, {"campaign_variables": {"subject": "x"}}),
        (Channel.EMAIL, {"subject": "x", "html": ""}, {"subject": "x", "html": None}),
        (Channel.VOICE, {"url": "https://a.example"}, {"url": "https://a.example"}),
        (Channel.SMS, {"template": "words"}, {"campaign_variables": {}}),
    ],
)
def test_words_stand_among_the_variables_under_names_of_the_mode(
    channel: Channel, given: dict[str, str], ours: dict[str, Any]
) -> None:
    assert said(channel, campaign_variables=given).items() >= ours.items()


@pytest.mark.parametrize(
    ("given", "of_one", "hourly"),
    [
        ({"hourly_rate": 1}, 1, 1),
        ({"hourly_rate": 1}, None, None),
        ({"hourly_rate": 2}, None, 2),
        ({"hourly_rate": None}, 1, None),
        ({"rate": 1}, 1, 60),
        ({"rate": 60}, 1, 3600),
        ({"rate": 1, "pause_seconds": 120}, 1, 30),
        ({"rate": 1, "pause_seconds": None}, 1, 60),
        ({"pause_seconds": 3600}, 1, 1),
    ],
)
def test_how_fast_is_said_in_three_ways(
    given: dict[str, Any], of_one: int | None, hourly: int | None
) -> None:
    assert said(of_one=of_one, **given)["hourly_rate"] == hourly


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sms_session_ttl", 30),
        ("voicemail_detection", {"mode": "v1"}),
        ("target_filters", {"rules": []}),
        ("webhooks", [{"url": "https://a.example"}]),
        ("agent_id", 1),
        ("outreach_override_rules", {"days": {"mon": {}, "monday": {"active": False}}}),
        ("outreach_override_rules", {"days": {"someday": {"active": False}}}),
        ("outreach_override_rules", {"dates": {"2027-02-30": {"active": False}}}),
    ],
)
def test_what_can_not_be_honoured_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(WrongFields, match=rf"^{field}\b"):
        said(**{field: value})


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_nothing_said_of_it_is_no_fault(nothing: Any) -> None:
    assert said(webhooks=nothing, target_filters=nothing, voicemail_detection=None) == {}


def test_days_and_dates_are_closed_or_have_hours_of_their_own() -> None:
    rules = {
        "days": {
            "sunday": {"active": False},
            "sat": {"max_daily_calls": 0},
            "mon": {"active": True, "daily_end_time": "18:00:00", "max_daily_calls": 50},
        },
        "dates": {
            "2027-12-24": {"daily_end_time": "12:00:00"},
            "2027-12-25": {"active": False},
            "2027-12-26": {"max_daily_calls": 0},
            "2027-12-27": {"active": True, "max_daily_calls": 7},
            "2027-12-30": {"daily_start_time": "10:00:00"},
            "2027-12-31": {"active": True},
        },
    }
    week = ["tue", "wed", "sat", "sun"]

    ours = said(outreach_override_rules=rules, active_days=week, daily_start_time="08:00:00")

    assert ours["active_days"] == ["mon", "tue", "wed", "sat"]
    assert ours["weekday_hours"] == {"mon": ["08:00:00", "18:00:00"]}
    assert ours["daily_caps"] == {"sat": 0, "mon": 50, "2027-12-26": 0, "2027-12-27": 7}
    assert ours["date_overrides"] == {
        # A Friday and a Thursday, on which nothing goes out: hours alone open no day.
        "2027-12-24": None,
        "2027-12-25": None,
        "2027-12-27": ["08:00:00", "18:00:00"],
        "2027-12-30": None,
        "2027-12-31": ["08:00:00", "20:00:00"],
    }
    shown = rules_of(CampaignFields.model_construct(**ours))
    again = said(outreach_override_rules=shown, daily_start_time="08:00:00", active_days=week)
    for name in ("weekday_hours", "daily_caps", "date_overrides"):
        assert again[name] == ours[name]


@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize(
    "allowed", [*([one] for one in BUCKETS), ["mobile", "voip"], list(BUCKETS)]
)
def test_allowed_lines_are_what_is_left_of_the_refused(allowed: list[str], unknown: bool) -> None:
    refused = refused_types(allowed, unknown=unknown)

    told, _ = allowed_buckets(refused)
    assert told == allowed
    assert "toll_free" in refused
    assert ("fixed_line_or_mobile" in refused) is (not unknown and len(allowed) < 3)


def test_no_line_allowed_means_every_line() -> None:
    assert refused_types([], unknown=False) == ()
    assert allowed_buckets(()) == (None, True)

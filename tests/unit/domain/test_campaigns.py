from datetime import UTC, datetime, time, timedelta

import pytest

from worker.domain.content.voicemail import OnMachine
from worker.domain.contract.campaigns import (
    WEEK,
    Campaign,
    apply_changes,
    campaign_fields,
)
from worker.domain.contract.idempotency import created_as, differing
from worker.domain.errors import CannotChangeMode, WrongFields

SMS: dict[str, object] = {
    "campaign_name": "Late payments",
    "mode": "sms",
    "source": "+15125550100",
    "body": "Hello {{ name }}",
}
VOICE: dict[str, object] = {
    "campaign_name": "Reminder",
    "mode": "voice",
    "source": "+15125550100",
    "twiml": "<Response/>",
}
MAIL: dict[str, object] = {
    "campaign_name": "News",
    "mode": "email",
    "source": "news@example.com",
    "subject": "News",
    "text": "Hello",
}


def test_what_is_not_said_has_a_cautious_default() -> None:
    fields = campaign_fields(SMS)

    assert (fields.daily_start_time, fields.daily_end_time) == (time(9), time(20))
    assert fields.active_days == WEEK
    assert fields.timezone == "UTC"
    assert (fields.retry_count, fields.retry_interval) == (0, timedelta(minutes=30))
    assert not fields.resend_in_doubt


@pytest.mark.parametrize("fields", [SMS, VOICE, MAIL], ids=["sms", "voice", "email"])
def test_a_campaign_of_each_mode_is_accepted(fields: dict[str, object]) -> None:
    assert campaign_fields(fields).campaign_name == fields["campaign_name"]


@pytest.mark.parametrize("policy", OnMachine)
def test_a_campaign_may_say_what_it_wants_of_a_machine(policy: OnMachine) -> None:
    detection = {"on_machine": policy.value}

    assert (
        campaign_fields(VOICE | {"voicemail_detection": detection}).voicemail_detection == detection
    )


@pytest.mark.parametrize(
    ("base", "changes", "fault"),
    [
        pytest.param(
            VOICE,
            {"voicemail_detection": {"on_machine": "bark"}},
            'voicemail_detection: must be {"on_machine": one of leave_message',
            id="machine",
        ),
        pytest.param(
            SMS,
            {"voicemail_detection": {"on_machine": "hang_up"}},
            "voicemail_detection: has no place",
            id="machine-of-a-text",
        ),
        pytest.param(
            SMS, {"mode": "fax"}, "mode: must be 'voice', 'sms' or 'email'", id="unknown-mode"
        ),
        pytest.param(SMS, {"colour": "red"}, "colour: there is no such field", id="unknown-field"),
        pytest.param(SMS, {"campaign_name": ""}, "campaign_name:", id="empty-name"),
        pytest.param(SMS, {"source": "512-555-0100"}, "source: must be a phone", id="source"),
        pytest.param(MAIL, {"source": "+15125550100"}, "source: must be a mailbox", id="mailbox"),
        pytest.param(SMS, {"body": None}, "body: an sms campaign needs a body", id="no-body"),
        pytest.param(SMS, {"body": "a\x00"}, "body: must not contain a NUL", id="nul"),
        pytest.param(SMS, {"twiml": "<Response/>"}, "twiml: has no place", id="stray"),
        pytest.param(VOICE, {"url": "https://x.test"}, "twiml: a voice campaign", id="both"),
        pytest.param(VOICE, {"twiml": None}, "twiml: a voice campaign needs", id="neither"),
        pytest.param(MAIL, {"subject": None}, "subject: an email campaign", id="no-subject"),
        pytest.param(MAIL, {"text": None}, "html: an email campaign needs", id="no-text"),
        pytest.param(SMS, {"timezone": "Mars/Base"}, "timezone: must be an IANA", id="zone"),
        pytest.param(SMS, {"timezone": "/etc/passwd"}, "timezone: must be an IANA", id="path"),
        pytest.param(SMS, {"retry_interval": "soon"}, "retry_interval: must be", id="interval"),
        pytest.param(SMS, {"retry_interval": "9999d"}, "retry_interval: must be", id="too-long"),
        pytest.param(SMS, {"daily_start_time": "9"}, "daily_start_time: must be", id="clock"),
        pytest.param(SMS, {"daily_end_time": "09:00:00"}, "daily_end_time: must", id="closed"),
        pytest.param(SMS, {"active_days": []}, "active_days: must name", id="no-day"),
        pytest.param(SMS, {"active_days": ["monday"]}, "active_days.0:", id="unknown-day"),
        pytest.param(SMS, {"hourly_rate": 0}, "hourly_rate:", id="rate"),
        pytest.param(SMS, {"hourly_rate": "60"}, "hourly_rate:", id="rate-as-text"),
        pytest.param(SMS, {"campaign_variables": {"n": 1}}, "campaign_variables.n:", id="values"),
    ],
)
def test_a_wrong_field_is_named(
    base: dict[str, object], changes: dict[str, object], fault: str
) -> None:
    with pytest.raises(WrongFields) as caught:
        campaign_fields(base | changes)

    assert any(one.startswith(fault) for one in caught.value.faults), caught.value.faults


def test_all_faults_are_reported_together_and_no_value_is_quoted() -> None:
    with pytest.raises(WrongFields) as caught:
        campaign_fields(SMS | {"hourly_rate": 9999, "timezone": "Secret/Place"})

    assert len(caught.value.faults) == 2
    assert "Secret" not in str(caught.value)
    assert "9999" not in str(caught.value)


def test_days_are_kept_in_the_order_of_the_week() -> None:
    assert campaign_fields(SMS | {"active_days": ["fri", "mon"]}).active_days == ("mon", "fri")


def test_an_edit_changes_only_what_is_named() -> None:
    before = campaign_fields(SMS)

    after = apply_changes(before, {"retry_count": 2, "retry_interval": "12h"})

    assert differing(created_as(before), created_as(after)) == ["retry_count", "retry_interval"]
    assert after.retry_interval == timedelta(hours=12)


def test_the_mode_can_not_be_edited() -> None:
    with pytest.raises(CannotChangeMode):
        apply_changes(campaign_fields(SMS), {"mode": "voice", "body": None, "twiml": "<Response/>"})


def test_a_campaign_on_the_wire_reads_as_it_was_written() -> None:
    at = datetime(2025, 8, 12, tzinfo=UTC)
    written = SMS | {"retry_interval": "12h", "active_days": ["mon"], "labels": ["a"]}

    wire = Campaign(7, campaign_fields(written), at, at, "ana@example.com").to_wire()

    assert {name: wire[name] for name in written} == written
    assert (wire["id"], wire["updated_at"]) == (7, "2025-08-12T00:00:00Z")
    assert wire["daily_start_time"] == "09:00:00"


@pytest.mark.parametrize(
    "zone", ["localtime", "posixrules", "Factory", "posix/Europe/Berlin", "Mars"]
)
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(WrongFields, match="timezone"):
        campaign_fields(SMS | {"timezone": zone})

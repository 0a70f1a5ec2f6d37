"""A campaign as their clients write it, in our fields.

Their campaigns have no words: these stand among the variables, under reserved names of the mode.
"""

from collections.abc import Callable, Mapping
from typing import Any

from worker.domain.contract.campaigns import CONTENT, CampaignFields
from worker.domain.contract.outbound.line_types import refused_types
from worker.domain.contract.outbound.override_days import Usual
from worker.domain.contract.outbound.override_rules import faults_in, fields_of
from worker.domain.errors import WrongFields
from worker.domain.statuses import Channel

Said = Mapping[str, Any]
Ours = dict[str, object]

SAME = (
    *("campaign_name", "caller_id", "description", "mode", "source", "timezone", "active_days"),
    *("daily_start_time", "daily_end_time", "max_daily_calls", "retry_count", "retry_interval"),
)
"""Called alike, and meaning the same."""

NOT_HONOURED: dict[str, str] = {
    "sms_session_ttl": "no conversation is held here, so that it can't end",
    "voicemail_detection": "not as these settings; give the campaign its on_machine policy by"
    " the command or /api/v1/outreach",
    "target_filters": "numbers are not looked up; allowed_line_types filters by numbering plan",
    "webhooks": "not by channel_manager_status; give the campaign webhooks by request_status by"
    " the command or /api/v1/outreach",
    "agent_id": "there are no agents here",
}
"""What has no counterpart, unless it says nothing: null, or an empty list."""


def campaign_fields_said(
    changes: Said, whole: Said, channel: Channel, *, of_one: int | None
) -> Ours:
    """Our fields for what a client changes.

    Args:
        changes: the fields that it gives and that differ from what it was shown.
        whole: all fields as they will be.
        channel: the campaign's.
        of_one: what `hourly_rate: 1` means, which their clients send unless told otherwise.

    Raises:
        WrongFields: something can't be honoured, or is said twice in two ways.
    """
    faults = [f"{name}: {why}" for name, why in NOT_HONOURED.items() if changes.get(name)]
    faults += faults_in(changes.get("outreach_override_rules") or {})
    if changes.get("hourly_rate") is not None and _said(changes, "rate", "pause_seconds"):
        faults.append("rate: say how fast by hourly_rate, or by rate and pause_seconds")
    if faults:
        raise WrongFields(faults)
    fields: Ours = {name: changes[name] for name in SAME if name in changes}
    for names, translate in _TOGETHER.items():
        if any(name in changes for name in names):
            fields |= translate(whole, channel)
    if any(name in changes for name in _RATES):
        fields |= _rate(changes, whole, of_one)
    return _without_nulls(fields)


def _variables(whole: Said, channel: Channel) -> Ours:
    """The words under their reserved names, and the other variables."""
    given = dict(whole["campaign_variables"])
    words = {name: given.pop(name) or None for name in CONTENT[channel] if name in given}
    given.pop(TEMPLATE, None)
    return {"campaign_variables": given, **words}


def _labels(whole: Said, _: Channel) -> Ours:
    labels, label = list(whole.get("labels") or ()), whole.get("label")
    return {"labels": labels if label is None or label in labels else [label, *labels]}


def _line_types(whole: Said, _: Channel) -> Ours:
    unknown = whole.get("include_unknown_line_types") is not False
    refused = refused_types(whole.get("allowed_line_types") or (), unknown=unknown)
    return {"refused_line_types": list(refused)}


def _overrides(whole: Said, _: Channel) -> Ours:
    rules = whole.get("outreach_override_rules") or {}
    default = CampaignFields.model_fields
    hours = (
        whole.get("daily_start_time") or default["daily_start_time"].default.isoformat(),
        whole.get("daily_end_time") or default["daily_end_time"].default.isoformat(),
    )
    days = tuple(whole.get("active_days") or default["active_days"].default)
    fields = fields_of(rules, Usual(days, hours))
    if not rules.get("days"):
        del fields["active_days"]
    return fields


def _rate(changes: Said, whole: Said, of_one: int | None) -> Ours:
    if not _said(changes, "rate", "pause_seconds"):
        rate = changes["hourly_rate"]
        return {"hourly_rate": of_one if rate == 1 else rate}
    if whole.get("pause_seconds"):
        return {"hourly_rate": max(1, 3600 // int(whole["pause_seconds"]))}
    return {"hourly_rate": 60 * int(whole.get("rate") or 1)}


def _said(changes: Said, *names: str) -> bool:
    return any(changes.get(name) is not None for name in names)


def _without_nulls(fields: Ours) -> Ours:
    """Give what was cleared its default again, where it must have a value."""
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in CampaignFields.model_fields.items()
        if not field.is_required()
    }
    return {name: defaults.get(name) if value is None else value for name, value in fields.items()}


TEMPLATE = "template"
"""The variable that names the campaign to take the words from."""

_RATES = ("hourly_rate", "rate", "pause_seconds")
_TOGETHER: dict[tuple[str, ...], Callable[[Said, Channel], Ours]] = {
    ("campaign_variables",): _variables,
    ("labels", "label"): _labels,
    ("allowed_line_types", "include_unknown_line_types"): _line_types,
    ("outreach_override_rules",): _overrides,
}
"""What can only be read together, by its names."""

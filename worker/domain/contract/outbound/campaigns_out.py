"""A campaign as their clients read it: one superset, in which each generation finds what it requires."""

from math import ceil

from worker.domain.contract.campaigns import CONTENT, Campaign
from worker.domain.contract.outbound.line_types import allowed_buckets
from worker.domain.contract.outbound.override_rules import rules_of
from worker.domain.wire import Wire, to_wire

SAME = (
    *("campaign_name", "caller_id", "description", "mode", "source", "timezone", "active_days"),
    *("daily_start_time", "daily_end_time", "max_daily_calls", "retry_count", "retry_interval"),
    *("hourly_rate", "labels"),
)
REQUIRED = frozenset(
    {
        *("id", "campaign_name", "campaign_variables", "caller_id", "active_days"),
        *("last_updated_by", "timezone", "daily_start_time", "daily_end_time"),
    }
)
"""Without one of these some generation can't read a campaign."""
UNLIMITED = 60
"""Calls a minute that the first generation is shown where there is no limit: the most there is."""


def show_campaign(campaign: Campaign) -> dict[str, Wire]:
    """OutboundCampaign."""
    fields = campaign.fields
    allowed, unknown = allowed_buckets(fields.refused_line_types)
    about = {name: getattr(campaign, name) for name in ("id", "created_at", "updated_at")}
    told: dict[str, object] = {
        **about,
        "last_updated_by": campaign.last_updated_by,
        **{name: getattr(fields, name) for name in SAME},
        "campaign_variables": dict(fields.campaign_variables) | _words(campaign),
        "label": fields.labels[0] if fields.labels else None,
        "outreach_override_rules": rules_of(fields),
        "allowed_line_types": allowed,
        "include_unknown_line_types": unknown,
        **_first_rate(fields.hourly_rate),
        **dict.fromkeys(_NOTHING),
    }
    return {name: to_wire(value) for name, value in told.items()}


_NOTHING = ("sms_session_ttl", "voicemail_detection", "target_filters", "webhooks", "agent_id")


def _words(campaign: Campaign) -> dict[str, str]:
    fields = campaign.fields
    words = {name: getattr(fields, name) for name in CONTENT[fields.mode]}
    return {name: said for name, said in words.items() if said}


def _first_rate(hourly: int | None) -> dict[str, int | None]:
    """As the first generation has it: calls a minute, or seconds between two."""
    if hourly is None or hourly >= 60:
        return {"rate": UNLIMITED if hourly is None else hourly // 60, "pause_seconds": None}
    return {"rate": 1, "pause_seconds": ceil(3600 / hourly)}

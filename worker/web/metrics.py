"""The figures as Prometheus reads them. No label carries an address, a batch or a token."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from worker.desk.metrics import Figures

HELP: dict[str, str] = {
    "halts": "halts in force: everything, a channel or a campaign",
    "attempts_in_doubt": "attempts whose outcome is unknown",
    "attempts_open": "attempts under way, in doubt or waiting for their last word",
    "reports_waiting": "callbacks that fit no attempt yet",
    "dead_letters": "messages, callbacks and webhooks that could not be accepted and are not settled",
    "webhooks_waiting": "events that their receiver has not taken yet",
    "batches_late": "auto-paced batches that are not expected to finish before they expire",
    "oldest_due_seconds": "age of the oldest request that is due and may be sent; 0 when none is",
}


# All of them are shown from the start: a rate can't be taken of what appears with its first count.
REASONS = ("signature", "too_large", "unreadable", "store_unavailable")


def registry(figures: Figures, refusals: Mapping[str, int], doubles: int = 0) -> CollectorRegistry:
    """A registry of one moment: the database remembers the figures, this process what it counted."""
    made = CollectorRegistry()
    for name, sentence in HELP.items():
        Gauge(f"outreach_{name}", sentence, registry=made).set(getattr(figures, name))
    refused = Counter(
        "outreach_callbacks_refused",
        "callbacks and events turned away by this process",
        ["reason"],
        registry=made,
    )
    for reason in REASONS:
        refused.labels(reason).inc(refusals.get(reason, 0))
    doubled = Counter(
        "outreach_double_contact_reports",
        "callbacks that name another call or text than the one known of their attempt",
        registry=made,
    )
    doubled.inc(doubles)
    return made

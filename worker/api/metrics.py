"""The figures as Prometheus reads them. No label carries an address, a batch or a token."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from worker.desk.metrics import Moment
from worker.domain.opt_out_words import Wish

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
REASONS = (
    *("signature", "too_large", "unreadable", "store_unavailable"),
    *("too_slow", "no_room", "too_many"),
)
NAMED = ("message", "person", "nobody")


def registry(moment: Moment | None) -> CollectorRegistry:
    """A registry of one moment; of None only that the database does not answer."""
    made = CollectorRegistry()
    up = Gauge("outreach_database_up", "1 while the database answers, else 0", registry=made)
    up.set(moment is not None)
    if moment is not None:
        _show(moment, made)
    return made


def _show(moment: Moment, made: CollectorRegistry) -> None:
    for name, sentence in HELP.items():
        Gauge(f"outreach_{name}", sentence, registry=made).set(getattr(moment.figures, name))
    refused = Counter(
        "outreach_callbacks_refused",
        "callbacks, events and connections turned away",
        ["reason"],
        registry=made,
    )
    for reason in REASONS:
        refused.labels(reason).inc(moment.tallies.get(f"refused:{reason}", 0))
    doubled = Counter(
        "outreach_double_contact_reports",
        "callbacks that name another call or text than the one known of their attempt",
        registry=made,
    )
    doubled.inc(moment.tallies.get("double_contact", 0))
    stray = Counter(
        "outreach_mail_events_without_token",
        "mail events without our token: of a message of ours, of a person we mailed, or of nobody",
        ["named"],
        registry=made,
    )
    for kind in NAMED:
        stray.labels(kind).inc(moment.tallies.get(f"stray:{kind}", 0))
    strays = Counter(
        "outreach_stray_messages",
        "messages that came without the key prefix, and were put where they belong",
        registry=made,
    )
    strays.inc(moment.tallies.get("strays", 0))
    texts = Counter(
        "outreach_texts_received",
        "texts that came in, by what they ask for",
        ["wish"],
        registry=made,
    )
    for wish in Wish:
        texts.labels(wish).inc(moment.tallies.get(f"text:{wish}", 0))

"""The figures as Prometheus reads them. No label carries an address, a batch or a token."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge

from worker.desk.metrics import Snapshot
from worker.domain.consent.opt_out_words import Wish

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


@dataclass(frozen=True, slots=True)
class Counted:
    """A counter: its help, the kind of tally it is read from, and, where it has a label, every value."""

    sentence: str
    tally: str
    label: str = ""
    values: tuple[str, ...] = ()


# Every value is shown from the start: a rate can't be taken of what appears with its first count.
COUNTED: dict[str, Counted] = {
    "callbacks_refused": Counted(
        "callbacks, events and connections turned away",
        "refused",
        "reason",
        (
            *("signature", "too_large", "unreadable", "store_unavailable"),
            *("too_slow", "no_room", "too_many"),
        ),
    ),
    "double_contact_reports": Counted(
        "callbacks that name another call or text than the one known of their attempt",
        "double_contact",
    ),
    "mail_events_without_token": Counted(
        "mail events without our token: of a message of ours, of a person we mailed, or of nobody",
        "stray",
        "named",
        ("message", "person", "nobody"),
    ),
    "stray_messages": Counted(
        "messages that came without the key prefix, and were put where they belong", "strays"
    ),
    "texts_received": Counted(
        "texts that came in, by what they ask for", "text", "wish", tuple(Wish)
    ),
}


def registry(moment: Snapshot | None) -> CollectorRegistry:
    """A registry of one moment; of None only that the database does not answer."""
    made = CollectorRegistry()
    up = Gauge("outreach_database_up", "1 while the database answers, else 0", registry=made)
    up.set(moment is not None)
    if moment is not None:
        _show(moment, made)
    return made


def _show(moment: Snapshot, made: CollectorRegistry) -> None:
    for name, sentence in HELP.items():
        Gauge(f"outreach_{name}", sentence, registry=made).set(getattr(moment.figures, name))
    for name, counted in COUNTED.items():
        _count(name, counted, moment.tallies, made)


def _count(
    name: str, counted: Counted, tallies: Mapping[str, int], made: CollectorRegistry
) -> None:
    labels = [counted.label] if counted.label else []
    counter = Counter(f"outreach_{name}", counted.sentence, labels, registry=made)
    if not counted.label:
        counter.inc(tallies.get(counted.tally, 0))
    for value in counted.values:
        counter.labels(value).inc(tallies.get(f"{counted.tally}:{value}", 0))

"""The figures as Prometheus reads them. No label carries an address, a batch or a token."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Info,
    disable_created_metrics,
)

from worker.desk.account_series import show_accounts
from worker.desk.measure_series import show_measures
from worker.desk.metrics import Snapshot
from worker.desk.processes import SILENT, ProcessRow
from worker.domain.consent.opt_out_words import Wish
from worker.domain.consent.pressed_keys import KeyWish
from worker.domain.evidence.counted_moves import ANSWERS, CONTACTS, DOUBTS, Moves
from worker.domain.statuses import Cause, Channel, ChannelStatus, RequestStatus, SuppressReason
from worker.heartbeat import KINDS
from worker.store.duties import SCAN, SHARED

HELP: dict[str, str] = {
    "halts": "halts in force: everything, a channel or a campaign",
    "attempts_in_doubt": "attempts whose outcome is unknown",
    "attempts_open": "attempts under way, in doubt or waiting for their last word; 100000: or more",
    "attempts_unjudged": "open attempts that the rescuer could not judge when it last looked",
    "reports_waiting": "callbacks that fit no attempt yet; 100000: or more",
    "uploads_waiting": "files whose rows are not in their batch yet",
    "webhooks_waiting": "events that their receiver has not taken yet; 100000: or more",
    "batches_late": "batches that are not expected to finish before they expire",
    "oldest_due_seconds": "age of the oldest request that is due and may be sent; 0 when none is",
    "oldest_doubt_seconds": "how long the oldest doubt has lasted; 0 when there is none",
    "oldest_webhook_seconds": "age of the oldest of 100000 events that no receiver has taken; 0: none waits",
    "oldest_upload_seconds": "age of the oldest file whose rows are not in its batch yet; 0 when none waits",
    "database_connections": "connections that are taken at the database's server, by whomever",
    "database_connections_offered": "connections that it offers to those who are no superuser",
}

# A registry lives for one scrape: when it was made is not when anything began to be counted.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own

LABELLED: dict[str, tuple[str, str]] = {
    "dead_letters": ("kind", "what could not be accepted, kept whole, and is not settled"),
    "closed_windows": ("channel", "batches that could send and wait for their calling window"),
}
"""Gauges of the same names as in the snapshot: their label, and what they tell."""
RATES = "permitted_per_second"

PROCESSES: dict[str, str] = {
    "processes": "processes that have not said that they ended",
    "process_silent_seconds": "since the most silent one of its kind said that its work goes on",
    "process_turnless_seconds": "since the idlest one of its kind got anything from its queue, or its probe",
}

DUTIES: dict[str, str] = {
    "duty_last_success_timestamp_seconds": "when a duty last went well, in seconds since 1970; 0: never",
    "duty_failing": "1 while a scheduler's duty fails, or nobody takes its turn though it is due; else 0",
}

Tallies = tuple[str, ...]
"""Names of counts in the database that are added up."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A counter: its help, its labels, and for every value of them the tallies it is read from.

    Every series is shown from the start: a rate can't be taken of what appears with its first count.
    """

    sentence: str
    series: Mapping[tuple[str, ...], Tallies]
    labels: tuple[str, ...] = ()


def _by(tally: str, values: Iterable[str]) -> dict[tuple[str, ...], Tallies]:
    return {(value,): (f"{tally}:{value}",) for value in values}


def _by_channel(meanings: Mapping[str, Moves]) -> dict[tuple[str, ...], Tallies]:
    return {
        (channel, meaning): tuple(f"attempt:{channel}:{was}:{became}" for was, became in moves)
        for channel in Channel
        for meaning, moves in meanings.items()
    }


COUNTED: dict[str, Counted] = {
    "contacts": Counted(
        "people contacted, one for each attempt that the provider took: by its answer, or found out later",
        _by_channel(CONTACTS),
        ("channel", "answer"),
    ),
    "answers": Counted(
        "what came of asking the provider to contact somebody",
        _by_channel(ANSWERS),
        ("channel", "answer"),
    ),
    "doubts_resolved": Counted(
        "how attempts ended of which nobody knew whether they had reached the provider",
        _by_channel(DOUBTS),
        ("channel", "how"),
    ),
    "moves": Counted(
        "requests that came to a status, and who or what moved them there",
        {
            (status, cause): (f"move:{status}:{cause}",)
            for status in RequestStatus
            for cause in Cause
        },
        ("status", "cause"),
    ),
    "opt_outs": Counted(
        "acts by which somebody is not to be contacted any more",
        _by("suppression", SuppressReason),
        ("reason",),
    ),
    "callbacks_refused": Counted(
        "callbacks, events and connections turned away",
        _by(
            "refused",
            (
                *("signature", "too_large", "unreadable", "store_unavailable"),
                *("too_slow", "no_room", "too_many"),
            ),
        ),
        ("reason",),
    ),
    "double_contact_reports": Counted(
        "callbacks that name another call or text than the one known of their attempt",
        {(): ("double_contact",)},
    ),
    "mail_events_without_token": Counted(
        "mail events without our token: of a message of ours, of a person we mailed, or of nobody",
        _by("stray", ("message", "person", "nobody")),
        ("named",),
    ),
    "stray_messages": Counted(
        "messages that came without the key prefix, and were put where they belong",
        {(): ("strays",)},
    ),
    "retries": Counted(
        "requests that are due again after an attempt, by how that one ended",
        {
            (channel, outcome): (f"retry:{channel}:{outcome}",)
            for channel in Channel
            for outcome in ChannelStatus
        },
        ("channel", "outcome"),
    ),
    "texts_received": Counted(
        "texts that came in, by what they ask for", _by("text", Wish), ("wish",)
    ),
    "calls_received": Counted(
        "calls that came in; nobody here answers them", {(): ("call:inbound",)}
    ),
    "keys_pressed": Counted(
        "keys that were pressed during calls, by what they ask for", _by("key", KeyWish), ("wish",)
    ),
}


def registry(
    moment: Snapshot | None,
    state_dir: Path | None = None,
    rates: Mapping[Channel, float] | None = None,
) -> CollectorRegistry:
    """A registry of one moment; of None only that the database does not answer.

    Args:
        moment: what the database knows.
        state_dir: a folder of this host, whose disk has so many bytes free.
        rates: what the settings permit, in requests a second.
    """
    made = CollectorRegistry()
    build = Info("outreach_build", "the release that answers", registry=made)
    build.info({"version": version_of("outreach")})
    if state_dir is not None:
        free = Gauge(
            "outreach_state_dir_free_bytes", "free bytes on the disk of STATE_DIR", registry=made
        )
        free.set(_free_bytes(state_dir))
    if rates is not None:
        _show_rates(rates, made)
    up = Gauge("outreach_database_up", "1 while the database answers, else 0", registry=made)
    up.set(moment is not None)
    if moment is not None:
        _show(moment, made)
    return made


def _free_bytes(folder: Path) -> int:
    """0 where the folder is gone or out of reach: the alert is the same, and the other figures are told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _show(moment: Snapshot, made: CollectorRegistry) -> None:
    for name, sentence in HELP.items():
        Gauge(f"outreach_{name}", sentence, registry=made).set(getattr(moment.figures, name))
    _show_turns(moment, made)
    _show_duties(moment, made)
    for name, counted in COUNTED.items():
        _count(name, counted, moment.tallies, made)
    show_measures(moment.tallies, made)
    show_accounts(moment.tallies, moment.shares, made)
    _show_labelled(moment, made)
    _show_processes(moment.processes, made)


def _show_labelled(moment: Snapshot, made: CollectorRegistry) -> None:
    for name, (label, sentence) in LABELLED.items():
        gauge = Gauge(f"outreach_{name}", sentence, [label], registry=made)
        for value, n in getattr(moment, name).items():
            gauge.labels(value).set(n)


def _show_rates(rates: Mapping[Channel, float], made: CollectorRegistry) -> None:
    sentence = "requests a second that the settings permit, for texts of each sender; 0: any number"
    gauge = Gauge(f"outreach_{RATES}", sentence, ["channel"], registry=made)
    for channel, rate in rates.items():
        gauge.labels(channel).set(rate)


def _show_processes(rows: Sequence[ProcessRow], made: CollectorRegistry) -> None:
    running, silent, turnless = (
        Gauge(f"outreach_{name}", sentence, ["kind"], registry=made)
        for name, sentence in PROCESSES.items()
    )
    for kind in KINDS:
        mine = [row for row in rows if row.kind == kind]
        running.labels(kind).set(len(mine))
        longest = max((row.silent.total_seconds() for row in mine), default=0.0)
        silent.labels(kind).set(longest)
        turnless.labels(kind).set(max(map(_idle_seconds, mine), default=0.0))


def _idle_seconds(row: ProcessRow) -> float:
    """Since its last turn; 0 where none is expected, or all of it is silent, which is told as such."""
    if row.turnless is None or row.silent > SILENT:
        return 0.0
    return row.turnless.total_seconds()


def _show_turns(moment: Snapshot, made: CollectorRegistry) -> None:
    turns = Gauge(
        "outreach_oldest_turn_seconds",
        "how long a batch that may be sent waits to be taken, whatever its rate and window; 0: none does",
        ["channel"],
        registry=made,
    )
    for channel, seconds in moment.turns.items():
        turns.labels(channel).set(seconds)


def _show_duties(moment: Snapshot, made: CollectorRegistry) -> None:
    done, failing = (
        Gauge(f"outreach_{name}", sentence, ["duty"], registry=made)
        for name, sentence in DUTIES.items()
    )
    for name in (SCAN, *SHARED):
        row = moment.duties.get(name)
        at = row.done_at if row else None
        done.labels(name).set(0 if at is None else at.timestamp())
        failing.labels(name).set(row is not None and (row.fault is not None or row.overdue))


def _count(
    name: str, counted: Counted, tallies: Mapping[str, int], made: CollectorRegistry
) -> None:
    counter = Counter(f"outreach_{name}", counted.sentence, counted.labels, registry=made)
    for values, names in counted.series.items():
        shown = counter.labels(*values) if values else counter
        shown.inc(sum(tallies.get(one, 0) for one in names))

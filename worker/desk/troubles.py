"""The troubles of this moment; the one that matters most: that one is told first, in a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worker.desk.processes import ProcessKind
from worker.domain.accounts import campaign_of, split_source_key
from worker.store import campaigns, expected_misses, glance
from worker.store.connect import Connection
from worker.store.duties import DutyRow
from worker.store.glance import StatusCount
from worker.store.halts import HaltRow

MOST_LATE = 20
"""Batches that will not finish in time, of which the first are named."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A trouble to tell. `kind`: scan, halt, process, duty, doubt, late; `halt`: the one it is about."""

    kind: str
    headline: str
    sentence: str
    to_do: str
    halt: HaltRow | None = None


@dataclass(frozen=True, slots=True)
class Signs:
    """Everything that may be a sign of trouble."""

    halted: Sequence[HaltRow]
    counted: Sequence[StatusCount]
    turns: Sequence[DutyRow]
    processes: Sequence[ProcessKind]
    in_doubt: int


def worst_of(connection: Connection, signs: Signs) -> Trouble | None:
    """Return what matters most; None: all is well."""
    return next(_by_weight(connection, signs), None)


def _by_weight(connection: Connection, signs: Signs) -> Iterator[Trouble]:
    """All of it, the worst first: who it keeps from being contacted, most of them before some of them."""
    yield from _halts(connection, signs, "all")
    yield from _not_scanned(connection)
    yield from _halts(connection, signs, "channel")
    yield from (_of_process(one) for one in signs.processes if one.silent == one.n)
    yield from _halts(connection, signs, "campaign")
    yield from _halts(connection, signs, "source")
    yield from _duties(signs.turns)
    yield from (_of_process(one) for one in signs.processes if one.silent)
    if signs.in_doubt:
        yield _of_doubts(signs.in_doubt)
    yield from _late(connection)


def _halts(connection: Connection, signs: Signs, scope: str) -> Iterator[Trouble]:
    for halt in signs.halted:
        if halt.scope == scope:
            yield _of_halt(_called(connection, halt), halt, signs.counted)


def _not_scanned(connection: Connection) -> Iterator[Trouble]:
    since = glance.forgotten_since(connection)
    if since is not None:
        yield Trouble(
            "scan",
            "Nothing is being scanned.",
            f"Batches that may send have not been looked at since {since:%H:%M} UTC; nobody was lost.",
            "Start a scheduler: python -m tasks.scheduler",
        )


def _of_process(one: ProcessKind) -> Trouble:
    how_many = f"All {one.n}" if one.silent == one.n and one.n > 1 else f"{one.silent} of {one.n}"
    named = f"The {one.kind} process" if one.n == 1 else f"{how_many} {one.kind} processes"
    still = "is" if one.silent == 1 or one.n == 1 else "are"
    return Trouble(
        "process",
        f"{named} {still} silent.",
        f"The last sign of life came {one.longest.total_seconds():,.0f} s ago; nobody was lost.",
        "Restart it, or find out why it stands still",
    )


def _duties(turns: Sequence[DutyRow]) -> Iterator[Trouble]:
    if faulty := [one for one in turns if one.fault or one.overdue]:
        names = ", ".join(one.name for one in faulty)
        yield Trouble(
            "duty",
            "The scheduler does not do all of its duties.",
            f"{names}: {faulty[0].fault or 'nobody does it'}.",
            "See its log, or: outreach doctor",
        )


def _of_doubts(n: int) -> Trouble:
    headline = "One attempt is in doubt." if n == 1 else f"{n:,} attempts are in doubt."
    who = "One person" if n == 1 else f"{n:,} people"
    return Trouble(
        "doubt",
        headline,
        f"{who} may or may not have been reached; nobody is contacted twice meanwhile.",
        "See what happens next, or decide",
    )


def _late(connection: Connection) -> Iterator[Trouble]:
    if late := expected_misses.late(connection, MOST_LATE):
        missed, names = sum(one.missed for one in late), ", ".join(one.batch_id for one in late[:3])
        yield Trouble(
            "late",
            f"{'A batch' if len(late) == 1 else 'Some batches'} will not finish in time.",
            f"{missed:,} people will not be contacted before the end: {names}"
            f"{' and more' if len(late) > 3 else ''}.",
            "Raise the rate, or move the end",
        )


def _of_halt(what: str, halt: HaltRow, counted: Sequence[StatusCount]) -> Trouble:
    if halt.scope == "source":
        return Trouble(
            "halt", f"{what} rests.", f"{halt.reason.rstrip('.')}.", "Mend it, then resume", halt
        )
    waiting = sum(one.n for one in counted if one.request_status == "PENDING" and _is_of(halt, one))
    who = "1 person waits" if waiting == 1 else f"{waiting:,} people wait"
    sentence = f"{halt.reason.rstrip('.')}. {who}; nobody was lost."
    return Trouble("halt", f"{what} is halted.", sentence, "Mend the cause, then resume", halt)


def _called(connection: Connection, halt: HaltRow) -> str:
    if halt.scope == "all":
        return "Everything"
    if halt.scope == "channel":
        channel, _, account = halt.key.partition("@")
        return f"The channel {channel}" + (f" of account {account}" if account else "")
    if halt.scope == "source":
        channel, account, source = split_source_key(halt.key)
        return f"The source {source} ({channel}, account {account})"
    number, _, account = halt.key.partition("@")
    campaign = campaigns.find(connection, int(number))
    named = f"Campaign {number if campaign is None else campaign.fields.campaign_name}"
    return named + (f" by account {account}" if account else "")


def _is_of(halt: HaltRow, one: StatusCount) -> bool:
    if halt.scope == "campaign":
        return str(one.campaign) == campaign_of(halt.key)
    return halt.scope == "all" or one.channel.value == halt.key.partition("@")[0]

"""Suppressions on a channel, by word of another system. Begin asks for them at the last moment."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import uuid4

from worker.domain.audit import Deed
from worker.domain.consent.suppression import LIST, Act, Source, list_name
from worker.domain.errors import Mistake
from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel, SuppressReason
from worker.domain.wire import Wire
from worker.store import audit, suppression_lists, suppressions
from worker.store.connect import Connection, Engine, in_transaction

__all__ = [
    "Imported",
    "NobodyThere",
    "identity_at",
    "import_suppressed",
    "suppress_in",
    "suppress_recipient",
]


AT_ONCE = 5_000
"""Lines of an import that share a transaction: short enough to keep nobody waiting who begins."""


NAMED = 100
"""How many lines that name nobody are kept with their reasons; the others are counted."""


@dataclass(slots=True)
class Imported:
    """The result of an import: lines that name somebody, how many of those are new, the rest."""

    named: int = 0
    new: int = 0
    faulty: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    """Of a named list: the rows in force by which it names these people."""

    def to_wire(self) -> dict[str, Wire]:
        """The counts, and the lines that name nobody, without what stands in them."""
        faults: list[Wire] = [{"line": line, "reason": why} for line, why in self.faults]
        counts = {"named": self.named, "new": self.new, "faulty": self.faulty}
        return counts | {"faults": faults}

    def note_fault(self, line: int, why: str) -> None:
        """A line that names nobody."""
        self.faulty += 1
        if self.faulty <= NAMED:
            self.faults.append((line, why))


class NobodyThere(Mistake):
    """The target names nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"target: {reason}")


def suppress_in(
    connection: Connection, channel: Channel, target: str, *, reason: SuppressReason, act: Act
) -> None:
    """Suppress a recipient, known or not: no attempt to them begins once this has committed.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    suppressions.suppress(connection, channel, identity_at(channel, target), reason, act)
    audit.note(connection, Deed.SUPPRESS, f"channel {channel}", act.by or act.source, why=reason)


def suppress_recipient(
    engine: Engine, channel: Channel, target: str, *, reason: SuppressReason, by: str
) -> None:
    """Suppress a recipient in an operator's name, in a transaction of its own.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    act = Act(Source.OPERATOR, str(uuid4()), by)
    in_transaction(engine, suppress_in, channel, target, reason=reason, act=act)


def import_suppressed(
    engine: Engine,
    channel: Channel,
    targets: Iterable[tuple[int, str]],
    *,
    reason: SuppressReason,
    by: str,
    source: str = Source.IMPORT,
    said: Callable[[Imported], None] = lambda _: None,
) -> Imported:
    """Suppress many, some thousand at a time, each of them for good once the next are read.

    What is read again after a break, or in the next edition of a list, is passed over. A line that names
    nobody stops nobody else's.

    Args:
        engine: the store.
        channel: voice, sms or email.
        targets: each with its line in the file.
        reason: why.
        by: who asked for it.
        source: the list that they come from.
        said: is told after every portion how far it is.
    """
    imported = Imported()
    run = uuid4()
    lines = iter(targets)
    while portion := list(islice(lines, AT_ONCE)):
        named = _read(channel, portion, imported)
        acts = [(one, Act(source, f"{run}:{line}", by)) for one, line in named.items()]
        new, rows = in_transaction(
            engine, _keep, channel=channel, acts=acts, reason=reason, is_first=not imported.new
        )
        imported.new += new
        imported.rows.extend(rows)
        said(imported)
    return imported


def _read(channel: Channel, lines: Iterable[tuple[int, str]], imported: Imported) -> dict[str, int]:
    """The first line of everybody who is named."""
    named: dict[str, int] = {}
    for line, target in lines:
        match normalize(channel, target, None):
            case Unreachable(why):
                imported.note_fault(line, why)
            case str(address):
                imported.named += 1
                named.setdefault(identity_of(channel, address), line)
    return named


def _keep(
    connection: Connection,
    *,
    channel: Channel,
    acts: Sequence[tuple[str, Act]],
    reason: SuppressReason,
    is_first: bool,
) -> tuple[int, list[int]]:
    """Return how many are new, and the rows by which a list names them. The first is noted for all."""
    if not acts:
        return 0, []
    new = suppressions.suppress_all(connection, channel, acts, reason, once=True)
    act, is_list = acts[0][1], acts[0][1].source.startswith(LIST)
    if new and is_first:
        subject = f"list {list_name(act.source)}" if is_list else f"channel {channel}"
        audit.note(connection, Deed.SUPPRESS, subject, act.by or act.source, why=reason)
    if not is_list:
        return new, []
    return new, suppression_lists.in_force(
        connection, act.source, [identity for identity, _ in acts]
    )


def identity_at(channel: Channel, target: str) -> str:
    """Return whom a target names.

    Raises:
        NobodyThere: it is no number with its country code, or no mailbox.
    """
    match normalize(channel, target, None):
        case Unreachable(reason):
            raise NobodyThere(reason)
        case str(address):
            return identity_of(channel, address)

"""Who must not be contacted on a channel, by word of another system. Begin asks at the last moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from uuid import uuid4

from worker.domain.audit import Deed
from worker.domain.consent.suppression import Act, Source
from worker.domain.errors import Mistake
from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel, SuppressReason
from worker.store import audit, suppressions
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


@dataclass(slots=True)
class Imported:
    """What an import found in its file: lines that name somebody, how many of those are new, the rest."""

    named: int = 0
    new: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)


class NobodyThere(Mistake):
    """The target names nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"target: {reason}")


def suppress_in(
    connection: Connection, mode: Channel, target: str, *, reason: SuppressReason, act: Act
) -> None:
    """Suppress a recipient, known or not: no attempt to them begins once this has committed.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    suppressions.suppress(connection, mode, identity_at(mode, target), reason, act)
    audit.note(connection, Deed.SUPPRESS, f"channel {mode}", act.by or act.source, why=reason)


def suppress_recipient(
    engine: Engine, mode: Channel, target: str, *, reason: SuppressReason, by: str
) -> None:
    """Suppress a recipient in an operator's name, in a transaction of its own.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    act = Act(Source.OPERATOR, str(uuid4()), by)
    in_transaction(engine, lambda c: suppress_in(c, mode, target, reason=reason, act=act))


def import_suppressed(
    engine: Engine,
    mode: Channel,
    targets: Iterable[tuple[int, str]],
    *,
    reason: SuppressReason,
    by: str,
) -> Imported:
    """Suppress many, some thousand at a time, each of them for good once the next are read.

    What is read again after a break, or in the next edition of a list, is passed over. A line that names
    nobody stops nobody else's.

    Args:
        engine: the store.
        mode: the channel.
        targets: each with its line in the file.
        reason: why.
        by: who asked for it.
    """
    imported = Imported()
    run = uuid4()
    lines = iter(targets)
    while portion := list(islice(lines, AT_ONCE)):
        acts: dict[str, Act] = {}
        for line, target in portion:
            match normalize(mode, target, None):
                case Unreachable(why):
                    imported.faults.append((line, why))
                case str(address):
                    imported.named += 1
                    act = Act(Source.IMPORT, f"{run}:{line}", by)
                    acts.setdefault(identity_of(mode, address), act)
        imported.new += _keep(engine, mode, list(acts.items()), reason)
    return imported


def _keep(
    engine: Engine, mode: Channel, acts: Sequence[tuple[str, Act]], reason: SuppressReason
) -> int:
    if not acts:
        return 0
    step = partial(suppressions.suppress_all, channel=mode, acts=acts, reason=reason, once=True)
    return in_transaction(engine, step)


def identity_at(mode: Channel, target: str) -> str:
    """Whom a target names.

    Raises:
        NobodyThere: it is no number with its country code, or no mailbox.
    """
    match normalize(mode, target, None):
        case Unreachable(reason):
            raise NobodyThere(reason)
        case str(address):
            return identity_of(mode, address)

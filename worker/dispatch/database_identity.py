"""Before anything is sent: is this the database we knew, and will it keep what it acknowledges?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event

import structlog

from worker.dispatch.failover import examine
from worker.domain.audit import Deed
from worker.domain.database_identity import (
    UNRECOGNIZED_REASON,
    Recognition,
    RefusedToStart,
    RememberedIdentity,
    carry_over,
    differing,
    failed_over,
    recognize,
)
from worker.domain.errors import where_raised
from worker.domain.recipients.identities import FOLD_VERSION
from worker.heartbeat import HEART
from worker.store import audit, database_identity, halts, profiles, recipient_folding, server
from worker.store.connect import Connection, Engine, StoreUnavailable, in_transaction
from worker.store.identity_stores import IdentityStore
from worker.store.rolls import roll_of

log = structlog.get_logger()

PAUSE = 1.0
REFUSED = 3
"""How a process exits that was refused."""

SHARED = "; where another deployment uses it too, give each a NAMESPACE and a STATE_DIR of its own"


class ForgetfulDatabase(RefusedToStart):
    """The database may lose acknowledged commits, so it can't be the memory of who was called."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"dispatch refuses to start: {', '.join(names)} is off in PostgreSQL")


class FoldedOtherwise(RefusedToStart):
    """Recipients are folded into people by other rules than this release's."""

    def __init__(self) -> None:
        super().__init__(
            "dispatch refuses to start: recipients are folded by another release's rules;"
            " run: outreach db upgrade"
        )


class UnrecognizedDatabase(StoreUnavailable):
    """Not the database that is remembered, until an operator says that it is; it says what was found."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of a database.

    `why`: of a stranger, what was found where, in a sentence. `before`: the timeline that all hosts remember,
    where it is the same database after a failover.
    """

    recognition: Recognition
    present: RememberedIdentity
    why: str = ""
    before: int | None = None


class NotRecognizable(RefusedToStart):
    """Something that nobody foresaw came between; it says where, and quotes nothing."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            "dispatch refuses to start: it can't be told which database this is"
            f" ({type(error).__name__} at {where_raised(error)})"
        )


def wait_until_known(look: Callable[[], object], stop: Event) -> None:
    """Look until the database has been recognized; wait while it, or a memory of it, is away.

    Raises:
        RefusedToStart: whatever else came between.
    """
    while not (stop.is_set() or _has_looked(look)):
        stop.wait(PAUSE)


def is_refused(engine: Engine, memories: Sequence[IdentityStore]) -> bool:
    """Return whether a process that begins nothing must not start; says why.

    While the database is away it starts, to answer that it is.
    """
    try:
        _has_looked(lambda: know_the_database(engine, memories))
    except RefusedToStart as error:
        log.critical("refused_to_start", why=str(error))
        return True
    return False


def _has_looked(look: Callable[[], object]) -> bool:
    HEART.beat(PAUSE)
    try:
        look()
    except StoreUnavailable as error:
        log.warning("waiting_for_database", error=type(error).__name__, why=str(error))
        return False
    except RefusedToStart:
        raise
    except Exception as error:  # noqa: BLE001  a gate: what is not understood does not pass
        raise NotRecognizable(error) from None
    return True


def know_the_database(engine: Engine, memories: Sequence[IdentityStore]) -> Recognition:
    """Recognize the database, or halt everything in it.

    1. Refuse one that would forget, or whose people are told apart by other rules.
    2. Hold it against every memory of it.
    3. One that failed over is known where it is proven that it lacks nothing (`failover.py`); any other
       unrecognized one is halted, and remembered only when an operator resumes.
    4. A known or new one is remembered, as far as it has come.

    Raises:
        ForgetfulDatabase: fsync, full_page_writes or synchronous_commit is off.
        FoldedOtherwise: one person would be two.
        IdentityStoreUnfit: a memory can't be trusted.
        StoreUnavailable: the database or a memory of it is away.
    """
    return _know(engine, memories).recognition


def _know(engine: Engine, memories: Sequence[IdentityStore]) -> Judged:
    judged = judge_the_database(engine, memories)
    roll = roll_of(memories)
    if judged.before is not None and roll:
        proof = examine(engine, roll, judged.present, judged.before)
        if proof is None:
            judged = judge_the_database(engine, memories)
        else:
            judged = replace(judged, why=f"{judged.why}; {proof}")
    if judged.recognition is Recognition.UNRECOGNIZED:
        if in_transaction(engine, halts.halt, "all", "", judged.why, "outreach"):
            log.critical("database_not_recognized", why=judged.why)
        return judged
    in_transaction(engine, profiles.note)
    for memory in memories:
        memory.remember(judged.present)
    if judged.recognition is Recognition.NEW and roll:
        if roll.hear().call > judged.present.timeline:
            roll.begin_anew(judged.present.timeline)
        roll.declare_whole()  # nobody has begun anything yet
    return judged


def judge_the_database(engine: Engine, memories: Sequence[IdentityStore]) -> Judged:
    """Return what `know_the_database` would say, by the same rule; nothing is halted or written.

    Raises:
        RefusedToStart, StoreUnavailable: see `know_the_database`.
    """

    def look(connection: Connection) -> tuple[int | None, list[str], RememberedIdentity, bool]:
        return (
            recipient_folding.read_version(connection),
            server.forgetful_settings(connection),
            database_identity.present(connection),
            database_identity.has_attempts(connection),
        )

    recalled = _recall(memories)  # first: the position only grows
    folded_by, forgetful, present, has_attempts = in_transaction(engine, look)
    if forgetful:
        raise ForgetfulDatabase(forgetful)
    if folded_by != FOLD_VERSION:
        raise FoldedOtherwise
    recognition = recognize(present, recalled, has_attempts=has_attempts)
    if recognition is not Recognition.UNRECOGNIZED:
        return Judged(recognition, present)
    found = _found(present, memories, recalled)
    before = failed_over(present, recalled)
    return Judged(recognition, present, f"{UNRECOGNIZED_REASON} ({found})", before)


def _recall(memories: Sequence[IdentityStore]) -> list[RememberedIdentity | None]:
    roll = roll_of(memories)
    recalled = [memory.recall() for memory in memories]
    return carry_over(recalled, roll.accepted() if roll else {})


def _found(
    present: RememberedIdentity,
    memories: Sequence[IdentityStore],
    recalled: Sequence[RememberedIdentity | None],
) -> str:
    """Return what was found where; an empty memory says nothing beside one that is filled."""
    filled = any(recalled)
    for memory, known in zip(memories, recalled, strict=True):
        if (known or not filled) and (said := differing(present, known)):
            shared = known and known.system != present.system
            return f"{memory.place}: {said}{SHARED if shared else ''}"
    return "no memory"


def refuse_unrecognized(engine: Engine, memories: Sequence[IdentityStore]) -> None:
    """For what reaches out without asking begin: a copy would do again what the original does.

    Raises:
        UnrecognizedDatabase: nobody has accepted this database yet.
        RefusedToStart, StoreUnavailable: see `know_the_database`.
    """
    judged = _know(engine, memories)
    if judged.recognition is Recognition.UNRECOGNIZED:
        raise UnrecognizedDatabase(judged.why)


def recognition_of(engine: Engine, memories: Sequence[IdentityStore]) -> Recognition:
    """Return what the memories say; nothing is halted or written.

    Raises:
        IdentityStoreUnfit, StoreUnavailable: nobody can tell.
    """

    def look(connection: Connection) -> tuple[RememberedIdentity, bool]:
        return database_identity.present(connection), database_identity.has_attempts(connection)

    recalled = _recall(memories)
    present, has_attempts = in_transaction(engine, look)
    return recognize(present, recalled, has_attempts=has_attempts)


def adopt_the_database(
    engine: Engine, memories: Sequence[IdentityStore], by: str = halts.OURSELVES
) -> None:
    """An operator has looked: remember this database from now on."""

    def step(connection: Connection) -> RememberedIdentity:
        audit.note(connection, Deed.ADOPT, "database", by)
        return database_identity.present(connection)

    present = in_transaction(engine, step)
    for memory in memories:
        memory.remember(present)
    if roll := roll_of(memories):
        roll.begin_anew(present.timeline)

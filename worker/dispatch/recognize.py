"""Before anything is sent: is this the database we knew, and will it keep what it acknowledges?"""

from collections.abc import Sequence

import structlog

from worker.domain.identities import FOLD_VERSION
from worker.domain.memory import Recognition, Remembered, recognize
from worker.store import folds, halts, identity
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.identity import Memory

log = structlog.get_logger()

STRANGER_REASON = (
    "the database was restored, cloned or failed over: check, then resume --after-restore"
)


class ForgetfulDatabase(Exception):
    """The database may lose acknowledged commits, so it can't be the memory of who was called."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"dispatch refuses to start: {', '.join(names)} is off in PostgreSQL")


class FoldedOtherwise(Exception):
    """Recipients are folded into people by other rules than this release's."""

    def __init__(self) -> None:
        super().__init__(
            "dispatch refuses to start: recipients are folded by another release's rules;"
            " run: outreach db upgrade"
        )


def know_the_database(engine: Engine, memories: Sequence[Memory]) -> Recognition:
    """Recognize the database, or halt everything in it.

    1. Refuse one that would forget, or whose people are told apart by other rules.
    2. Hold it against every memory of it.
    3. A stranger is halted, and remembered only when an operator resumes.
    4. A known or new one is remembered, as far as it has come.

    Raises:
        ForgetfulDatabase: fsync, full_page_writes or synchronous_commit is off.
        FoldedOtherwise: one person would be two.
    """

    def look(connection: Connection) -> tuple[int | None, list[str], Remembered, bool]:
        return (
            folds.folded_by(connection),
            identity.forgetful_settings(connection),
            identity.present(connection),
            identity.has_attempts(connection),
        )

    recalled = [memory.recall() for memory in memories]  # first: the position only grows
    folded_by, forgetful, present, has_attempts = in_transaction(engine, look)
    if forgetful:
        raise ForgetfulDatabase(forgetful)
    if folded_by != FOLD_VERSION:
        raise FoldedOtherwise
    recognition = recognize(present, recalled, has_attempts=has_attempts)
    if recognition is Recognition.STRANGER:
        if in_transaction(engine, lambda c: halts.halt(c, "all", "", STRANGER_REASON, "outreach")):
            log.critical("database_not_recognized", why=STRANGER_REASON)
        return recognition
    for memory in memories:
        memory.remember(present)
    return recognition


def is_accepted(engine: Engine, memories: Sequence[Memory]) -> bool:
    """Whether the database at hand is the one that is remembered; nothing is halted or written."""
    recalled = [memory.recall() for memory in memories]
    present = in_transaction(engine, identity.present)
    return recognize(present, recalled, has_attempts=True) is Recognition.KNOWN


def adopt_the_database(engine: Engine, memories: Sequence[Memory]) -> None:
    """An operator has looked: remember this database from now on."""
    present = in_transaction(engine, identity.present)
    for memory in memories:
        memory.remember(present)

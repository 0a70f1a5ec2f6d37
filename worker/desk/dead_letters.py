"""Dead letters: read them, send them in again, perhaps repaired, or let them go."""

from collections.abc import Sequence
from hashlib import sha256
from json import loads

from worker.desk.messages import IdTaken, Taken, take
from worker.domain.audit import Deed
from worker.domain.contract.messages import Payload, parse_payload
from worker.domain.errors import Mistake
from worker.store import audit, dead_letters, webhooks
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.dead_letters import CALLBACK, MESSAGE, DeadLetter
from worker.store.webhooks import WEBHOOK

__all__ = [
    "DeadLetter",
    "count_dead_letters",
    "discard",
    "keep_unread",
    "list_dead_letters",
    "replay",
    "show_dead_letter",
]


REPLAYABLE = (MESSAGE, WEBHOOK)
"""The kinds that can be taken in again; the others only their provider may say."""


class UnknownDeadLetter(Mistake):
    """There is none."""

    def __init__(self, letter_id: int) -> None:
        super().__init__(f"there is no dead letter {letter_id}")


class AlreadyResolved(Mistake):
    """Nothing is to be done about it any more."""

    def __init__(self, letter: DeadLetter) -> None:
        super().__init__(f"dead letter {letter.id} is settled: {letter.settled_how}")


class NotAMessage(Mistake):
    """A callback can't be sent in again: only its provider may say it."""

    def __init__(self, letter: DeadLetter) -> None:
        super().__init__(f"dead letter {letter.id} is a {letter.kind}: it can only be discarded")


class Unalterable(Mistake):
    """An event says what happened; a receiver knows it by its id and its bytes."""

    def __init__(self, letter: DeadLetter) -> None:
        super().__init__(
            f"dead letter {letter.id} is a webhook: replay it without --name and --payload"
        )


class NothingToTell(Mistake):
    """Its event was taken meanwhile, or archived with its batch."""

    def __init__(self, letter: DeadLetter) -> None:
        super().__init__(
            f"the event of dead letter {letter.id} was taken or archived: discard the letter"
        )


class NotSaying(Mistake):
    """The message that arrived has no id."""

    def __init__(self, letter: DeadLetter) -> None:
        super().__init__(
            f"dead letter {letter.id} does not say which message it is:"
            " give --name and a repaired --payload"
        )


class NotJson(Mistake):
    """The payload can't be read."""

    def __init__(self) -> None:
        super().__init__("the payload is not JSON: repair it and give it as --payload")


def list_dead_letters(
    engine: Engine, *, settled: bool = False, limit: int = 50, kind: str = ""
) -> Sequence[DeadLetter]:
    """The latest ones, newest first; those that are settled too, or of one kind alone, if asked."""
    return in_transaction(engine, dead_letters.newest, settled=settled, limit=limit, kind=kind)


def count_dead_letters(engine: Engine) -> dict[str, int]:
    """Count by kind those that nobody has settled."""
    return in_transaction(engine, dead_letters.count_open)


def show_dead_letter(engine: Engine, letter_id: int) -> DeadLetter:
    """One of them.

    Raises:
        UnknownDeadLetter: there is none.
    """
    return in_transaction(engine, _get_letter, letter_id)


def replay(
    engine: Engine, letter_id: int, *, name: str | None, payload: str | None, by: str
) -> Taken:
    """Take a dead letter in again under its own id, with another name or payload if given.

    Where another message had its effect under that id, it takes effect as the letter that it is. A webhook
    becomes due again as it is.

    Raises:
        UnknownDeadLetter, Settled, NotAMessage,
            NotSaying, NotJson, Unalterable, NothingToTell: it can't be sent in.
        Mistake: it still can't be accepted; it stays a dead letter.
    """
    return in_transaction(engine, replay_in, letter_id, by, name=name, payload=payload)


def replay_in(
    connection: Connection,
    letter_id: int,
    by: str,
    *,
    name: str | None = None,
    payload: str | None = None,
) -> Taken:
    """The same in a transaction of the caller's."""
    letter = _open(connection, letter_id)
    audit.note(connection, Deed.REPLAY, f"dead letter {letter_id}", by)
    if letter.kind == WEBHOOK:
        return _tell_again(connection, letter, by, altered=bool(name or payload))
    task = name or letter.task
    if letter.kind != MESSAGE:
        raise NotAMessage(letter)
    if task is None or (letter.task is None and payload is None):
        raise NotSaying(letter)
    message = parse_payload(task, _json(letter.payload if payload is None else payload))
    dead_letters.resolve(connection, letter.id, f"replayed by {by}")
    return _take_again(connection, letter, task, message)


def keep_unread(engine: Engine, route: str, texts: Sequence[str]) -> None:
    """Keep whole what arrived by a callback of `route` and can't be read; a repetition is kept once."""

    def step(connection: Connection) -> None:
        for text in texts:
            dead_letters.bury(
                connection,
                kind=CALLBACK,
                reason=f"it can't be read as a callback of {route}",
                payload=text,
                task=None,
                message_id=f"{route}:{sha256(text.encode()).hexdigest()}",
            )

    in_transaction(engine, step)


def discard(engine: Engine, letter_id: int, *, by: str) -> None:
    """Let it go: it stays readable, and counts no more.

    Raises:
        UnknownDeadLetter, Settled: there is nothing to let go.
    """
    in_transaction(engine, discard_in, letter_id, by)


def discard_in(connection: Connection, letter_id: int, by: str) -> None:
    """The same in a transaction of the caller's."""
    dead_letters.resolve(connection, _open(connection, letter_id).id, f"discarded by {by}")
    audit.note(connection, Deed.DISCARD, f"dead letter {letter_id}", by)


def _get_letter(connection: Connection, letter_id: int, *, lock: bool = False) -> DeadLetter:
    letter = dead_letters.find(connection, letter_id, lock=lock)
    if letter is None:
        raise UnknownDeadLetter(letter_id)
    return letter


def _open(connection: Connection, letter_id: int) -> DeadLetter:
    letter = _get_letter(connection, letter_id, lock=True)
    if letter.settled_at is not None:
        raise AlreadyResolved(letter)
    return letter


def _tell_again(connection: Connection, letter: DeadLetter, by: str, *, altered: bool) -> Taken:
    if altered or letter.message_id is None:
        raise Unalterable(letter)
    if not webhooks.make_due(connection, letter.message_id):
        raise NothingToTell(letter)
    dead_letters.resolve(connection, letter.id, f"replayed by {by}")
    return Taken(fresh=True)


def _take_again(connection: Connection, letter: DeadLetter, task: str, message: Payload) -> Taken:
    as_letter = f"dead-letter-{letter.id}"
    try:
        return take(connection, task, letter.message_id or as_letter, message)
    except IdTaken:
        return take(connection, task, as_letter, message)


def _json(text: str) -> object:
    try:
        return loads(text)
    except (ValueError, RecursionError):
        raise NotJson from None

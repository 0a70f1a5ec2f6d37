"""Messages off a queue, judged before Celery sees them: a call of a task of ours, or a dead letter.

Nine shapes of message stop, or reconnect for ever, a worker that hands them to Celery as they are;
others vanish with a line in the log. So nothing is handed on as it came: a fit message goes on as a call
made anew from its task, id and arguments, and an unfit one as the call that keeps it.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass, field
from json import dumps, loads
from math import isfinite
from typing import Any
from uuid import uuid4

from config.queues import TRIGGERS, TaskName
from worker.domain.contract.message_ids import to_stored_id
from worker.tracing import read_traceparent

JSON_TYPES = frozenset({"application/json", "json"})
UTF_8 = frozenset({"utf-8", "utf8"})
TASKS = frozenset(TaskName)
ASKED = frozenset(TRIGGERS)
CLAIMED_AT = "claimed_at"
"""A header: when the chunk was claimed, by the database's clock, in seconds of the epoch."""
LONGEST_ID = 500
HIDDEN = "<hidden>"
TOO_BAD = (ValueError, RecursionError)


class Unfit(Exception):
    """It is no call of ours. The reason quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A call as Celery gets it."""

    task: str
    id: str
    kwargs: dict[str, Any]
    notes: Mapping[str, str | float] = field(default_factory=dict)
    """Notes that a worker may pass by: a traceparent, and when it was claimed. See `notes_of`."""

    @property
    def headers(self) -> dict[str, Any]:
        """No header of the producer's but the notes: others may hold anything, and events carry them."""
        hidden = {"argsrepr": HIDDEN, "kwargsrepr": HIDDEN}
        known = {"lang": "py", "task": self.task, "id": self.id, "root_id": self.id}
        return known | hidden | dict(self.notes)

    @property
    def body(self) -> bytes:
        """No callback, chain or chord of the producer's is in it."""
        return dumps([[], self.kwargs, {}]).encode()


def fit(message: bytes, queue: str) -> bytes:
    """A message of the Redis transport as one that is safe, whatever it was."""
    try:
        call = open_message(message)
    except Unfit as unfit:
        call = keeping(str(unfit), as_text(message))
    except Exception as error:  # noqa: BLE001  what is raised here stops the worker
        call = keeping(f"could not be read: {type(error).__name__}", as_text(message))
    return pack(call, queue)


def open_message(message: bytes) -> TaskCall:
    """The call in a message of the Redis transport.

    Raises:
        Unfit: there is none.
    """
    outer = _mapping(_json(message, "the message"), "the message")
    properties = _mapping(outer.get("properties"), "properties")
    if not isinstance(properties.get("delivery_tag"), str):
        raise Unfit("properties.delivery_tag is missing")
    _mapping(properties.get("delivery_info"), "properties.delivery_info")
    body = _decode(outer.get("body"), properties.get("body_encoding"))
    return judge_message(
        outer.get("headers"), outer.get("content-type"), outer.get("content-encoding"), body
    )


def judge_message(
    headers: object, content_type: object, content_encoding: object, body: bytes
) -> TaskCall:
    """The call in a message's parts, the same for every transport.

    Raises:
        Unfit: there is none.
    """
    named = _mapping(headers, "headers")
    if "task" not in named and "id" not in named:
        raise Unfit("headers.task is missing: this is not a protocol 2 message")
    task, message_id = named.get("task"), named.get("id")
    if not isinstance(task, str) or task not in TASKS:
        raise Unfit("headers.task names no message")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= LONGEST_ID:
        raise Unfit("headers.id is missing")
    if stray := [name for name in ("eta", "expires", "compression") if named.get(name)]:
        raise Unfit(f"headers.{stray[0]} is not understood: a message acts when it arrives")
    if content_type not in JSON_TYPES or str(content_encoding).lower() not in UTF_8:
        raise Unfit("the content must be application/json in utf-8")
    kwargs = _arguments(_json(body, "the body"))
    if task == TaskName.KEEP_DEAD_LETTER and not _is_keeping(kwargs):
        raise Unfit("the arguments are not those of a dead letter")
    return TaskCall(task, to_stored_id(message_id), kwargs, notes_of(named))


def notes_of(headers: Mapping[str, Any]) -> dict[str, str | float]:
    """The headers that go on. A release that knows one of them less drops it, and does the same work.

    What a worker must know stands among the arguments instead: an older one hands such a message back.
    """
    notes: dict[str, str | float] = {}
    if traceparent := read_traceparent(headers.get("traceparent")):
        notes["traceparent"] = traceparent
    claimed_at = headers.get(CLAIMED_AT)
    if isinstance(claimed_at, float) and isfinite(claimed_at):
        notes[CLAIMED_AT] = claimed_at
    return notes


def keeping(reason: str, whole: str) -> TaskCall:
    """The call that keeps a message as a dead letter."""
    return TaskCall(
        TaskName.KEEP_DEAD_LETTER.value, str(uuid4()), {"reason": reason, "whole": whole}
    )


def pack(call: TaskCall, queue: str) -> bytes:
    """A call as a message of the Redis transport."""
    message = {
        "body": b64encode(call.body).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": call.headers,
        "properties": {
            "correlation_id": call.id,
            "delivery_mode": 2,
            "priority": 0,
            "body_encoding": "base64",
            "delivery_info": {"exchange": "", "routing_key": queue},
            "delivery_tag": str(uuid4()),
        },
    }
    return dumps(message).encode()


def asks_for_ours(message: bytes) -> bool:
    """Return whether a message of the Redis transport names what other systems may ask of us."""
    try:
        return loads(message)["headers"]["task"] in ASKED
    except (*TOO_BAD, TypeError, LookupError):
        return False


def as_text(message: bytes) -> str:
    """All of it, as text that a database takes."""
    try:
        text = message.decode()
    except UnicodeDecodeError:
        text = "\x00"
    return "base64:" + b64encode(message).decode() if "\x00" in text else text


def _json(text: bytes, what: str) -> object:
    try:
        return loads(text.decode())
    except TOO_BAD:
        raise Unfit(f"{what} is not JSON in utf-8") from None


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unfit(f"{what} is missing, or not a JSON object")
    return value


def _decode(body: object, encoding: object) -> bytes:
    if not isinstance(body, str):
        raise Unfit("the body is missing, or not text")
    if encoding in {None, "", "utf-8"}:
        return body.encode("utf-8", "surrogatepass")
    if encoding != "base64":
        raise Unfit("properties.body_encoding must be base64 or utf-8")
    try:
        return b64decode(body, validate=True)
    except (NotBase64, *TOO_BAD):
        raise Unfit("the body is not base64") from None


def _arguments(body: object) -> dict[str, Any]:
    match body:
        case [list() as positional, dict() as named, dict() | None]:
            pass
        case _:
            raise Unfit("the body must be [[], {arguments}, {}]")
    if positional:
        raise Unfit("positional arguments are not understood: name them")
    if "self" in named:
        raise Unfit("an argument can't be called self")
    return named


def _is_keeping(kwargs: Mapping[str, Any]) -> bool:
    return set(kwargs) == {"reason", "whole"} and all(isinstance(v, str) for v in kwargs.values())

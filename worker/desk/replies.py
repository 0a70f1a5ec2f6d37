"""Somebody answers and does not ask to be left alone: whoever holds the conversation is told."""

from collections.abc import Sequence
from uuid import UUID

from worker.domain.consent.authors import read_author
from worker.store import replies
from worker.store.connect import Engine, in_transaction
from worker.store.replies import ReplyKind

__all__ = ["ReplyKind", "tell_call_back", "tell_reply"]


def tell_reply(
    engine: Engine, reply: ReplyKind, number: str, senders: Sequence[str], sid: str
) -> int:
    """Let the campaign that contacted this number last, from one of these senders, be told of an answer.

    Returns:
        how many of its receivers are to be told: 0 where nobody contacted it from there, or all of that
        was archived, or it was told before.

    Raises:
        UnreadWriter: the answer comes from no phone number.
    """
    identity = read_author(number)
    sources = [one for one in senders if one]
    return in_transaction(engine, replies.tell_reply, reply, identity, sources, sid)


def tell_call_back(engine: Engine, token: UUID, call_sid: str) -> int:
    """The same of whoever asked, during a call of ours, to be called back."""
    return in_transaction(engine, replies.tell_call_back, token, call_sid)

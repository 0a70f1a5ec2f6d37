"""Somebody answers a text and does not ask to be left alone: whoever holds the conversation is told."""

from collections.abc import Sequence

from worker.domain.consent.authors import read_author
from worker.store import replies
from worker.store.connect import Engine, in_transaction


def tell_reply(engine: Engine, number: str, senders: Sequence[str], message_sid: str) -> int:
    """Let the campaign that texted this number last, from one of these senders, be told of an answer.

    Returns:
        how many of its receivers are to be told: 0 where nobody texted it from there, or all of that was
        archived, or it was told before.

    Raises:
        UnreadWriter: the answer comes from no phone number.
    """
    identity = read_author(number)
    sources = [one for one in senders if one]
    return in_transaction(engine, replies.tell_reply, identity, sources, message_sid)

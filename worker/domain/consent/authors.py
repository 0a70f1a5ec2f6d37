"""The author of an incoming message: the number behind the `From` that a provider names."""

import re

from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel

# Channels whose addresses are phone numbers: who says stop on one of them wants no text either. Others,
# like `messenger:`, carry ids of their own, which may look like a number and are none.
# https://www.twilio.com/docs/messaging/guides/webhook-request
_CHANNEL = re.compile(r"(?:whatsapp|rcs|sms|mms|tel):", re.IGNORECASE)
_WITHOUT_PLUS = re.compile(r"[1-9]\d{7,14}", re.ASCII)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


class UnreadAuthor(ValueError):
    """It names no phone number: a short code, a name, an id of another service. Never quotes it."""

    def __init__(self) -> None:
        super().__init__("the writer is no phone number")


def read_author(written: str) -> str:
    """The identity, among those who are texted, of whoever wrote from there.

    Args:
        written: `From` as it came; a network writes the whole number, and sometimes without its plus.

    Raises:
        UnreadWriter: no number is meant.
    """
    bare = _CHANNEL.sub("", written.strip(), count=1).strip()
    number = f"+{bare}" if _WITHOUT_PLUS.fullmatch(bare) else bare
    address = normalize(Channel.SMS, number, None)
    if not isinstance(address, Unreachable):
        return identity_of(Channel.SMS, address)
    # Somebody writes from it, so it is in use, whatever our numbering plans know.
    if number == bare and _E164.fullmatch(number):
        return identity_of(Channel.SMS, number)
    raise UnreadAuthor

"""Senders of texts: numbers, messaging services, short codes and names.

https://www.twilio.com/docs/messaging/api/message-resource#parameters and
https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id
"""

from enum import StrEnum
from re import compile as pattern
from re import fullmatch


class SenderKind(StrEnum):
    """The kinds of what a text can come from."""

    NUMBER = "number"
    SERVICE = "service"
    """A messaging service: Twilio chooses one of its numbers, and says later which."""
    SHORT_CODE = "short code"
    NAME = "name"
    """Nobody can answer it."""


NUMBER = r"\+[1-9][0-9]{6,14}"
# In order: the first that fits.
KINDS = {
    SenderKind.NUMBER: pattern(NUMBER),
    SenderKind.SERVICE: pattern(r"MG[0-9a-fA-F]{32}"),
    SenderKind.SHORT_CODE: pattern(r"[1-9][0-9]{2,5}"),
    # At most 11, a letter among them, and no space at either end.
    SenderKind.NAME: pattern(
        r"(?=.{1,11}$)(?=.*[A-Za-z])[A-Za-z0-9+_&-](?:[A-Za-z0-9 +_&-]*[A-Za-z0-9+_&-])?"
    ),
}
EXAMPLE = (
    "a phone number like +15125550100, a messaging service MG…, a short code of 3 to 6 digits, "
    "or a name of at most 11 letters and digits"
)


def kind_of(source: str) -> SenderKind | None:
    """Return what kind of sender of texts this is; None: it is none."""
    return next((kind for kind, shape in KINDS.items() if fullmatch(shape, source)), None)


def sender_hints(source: str) -> list[str]:
    """Return what whoever writes a campaign of texts must know of its sender, a sentence each."""
    if kind_of(source) is not SenderKind.NAME:
        return []
    why = "nobody can answer a name, and so nobody can say STOP to it"
    return [f"source: {why}: let the words say how to be left alone"]

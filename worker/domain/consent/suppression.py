"""By which acts somebody is not to be contacted any more, and how far each reaches."""

import re
from dataclasses import dataclass
from enum import StrEnum

from worker.domain.errors import WrongFields
from worker.domain.statuses import Channel, SuppressReason


class Source(StrEnum):
    """The source of an act, unless a provider's event told it: then the event's name stands there."""

    STOP = "stop"
    """A text that asks to be left alone."""
    START = "start"
    """One that takes that back: never an act, but what lifted one."""
    CLICK = "one-click"
    """The link of a mail, which leads to our own page."""
    MAIL = "mail"
    """A mail to the mailbox that a mail's header names."""
    KEY = "key"
    """A key that was pressed during a call."""
    PROVIDER = "provider"
    """The provider would not contact them for us."""
    OPERATOR = "operator"
    MESSAGE = "message"
    IMPORT = "import"


LIST = "list:"
"""Before the name of a list where a source stands: no person's own act has a source like that."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def list_source(name: str) -> str:
    """The source of what a named list says.

    Raises:
        WrongFields: it is no name of a list.
    """
    if not _NAME.fullmatch(name):
        raise WrongFields(
            ["--source: must be 1 to 63 letters, digits, dots, hyphens or _, the first no mark"]
        )
    return LIST + name


def list_name(source: str) -> str:
    """The name of the list whose source this is."""
    return source.removeprefix(LIST)


@dataclass(frozen=True, slots=True)
class Act:
    """One act that keeps somebody from being contacted; it acts once, however often it is told.

    `id` is the one that its source gave it; `by` who asked for it in somebody else's name.
    """

    source: str
    id: str
    by: str | None = None


class SuppressScope(StrEnum):
    """The channels that an opt-out from a phone number stands for."""

    CHANNEL = "channel"
    """The channel they answered on."""
    ALL = "all"
    """The number: calls and texts alike. A mailbox has no other channel."""


PHONE = (Channel.SMS, Channel.VOICE)
"""The channels that share addresses."""

# The others say what can't be delivered, which another channel may well do: a landline takes no text.
OPT_OUTS = frozenset({SuppressReason.UNSUBSCRIBED, SuppressReason.SPAM_REPORT})


def sharing(channel: Channel, scope: SuppressScope) -> tuple[Channel, ...]:
    """The channels on which one opt-out may count, the given one among them."""
    return PHONE if scope is SuppressScope.ALL and channel in PHONE else (channel,)


def reach(channel: Channel, reason: SuppressReason, scope: SuppressScope) -> tuple[Channel, ...]:
    """The channels on which this suppression counts."""
    return sharing(channel, scope) if reason in OPT_OUTS else (channel,)

"""How far an opt-out reaches."""

from enum import StrEnum

from worker.domain.statuses import Mode, SuppressReason


class SuppressScope(StrEnum):
    """What somebody means who asks a phone number to be left alone."""

    CHANNEL = "channel"
    """The channel they answered on."""
    ALL = "all"
    """The number: calls and texts alike. A mailbox has no other channel."""


PHONE = (Mode.SMS, Mode.VOICE)
"""The channels that share addresses."""

# The others say what can't be delivered, which another channel may well do: a landline takes no text.
OPT_OUTS = frozenset({SuppressReason.UNSUBSCRIBED, SuppressReason.SPAM_REPORT})


def sharing(mode: Mode, scope: SuppressScope) -> tuple[Mode, ...]:
    """The channels on which one opt-out may count, the given one among them."""
    return PHONE if scope is SuppressScope.ALL and mode in PHONE else (mode,)


def reach(mode: Mode, reason: SuppressReason, scope: SuppressScope) -> tuple[Mode, ...]:
    """The channels on which this suppression counts."""
    return sharing(mode, scope) if reason in OPT_OUTS else (mode,)

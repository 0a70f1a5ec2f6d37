"""Answers of a provider, as values. An exception never says it; consequences hang on the type.

The one difference the field misses is in the type: `NotSent` is proof that nobody was contacted,
`Unknown` is the absence of proof either way.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Refusal(StrEnum):
    """The reason for which the provider refused this recipient or content for good."""

    INVALID_TARGET = "invalid_target"
    OPTED_OUT = "opted_out"
    NOT_PERMITTED = "not_permitted"
    CONTENT = "content"


class HaltScope(StrEnum):
    """The scope of a halt: everything on the channel, or only the campaign with the fault."""

    CHANNEL = "channel"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it; `sid` is its name for the call, the message or the mail."""

    sid: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proof that nobody was contacted: the last byte was never written, or a mail server said no."""

    code: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """The provider refused for its rate (429): nothing was processed. `after`: seconds it named."""

    after: float | None
    code: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider judged this recipient or content. Uses an attempt.

    `is_unknown`: whom it means is not: no table of ours has the code, which may as well mean the sender, or
    it is of the words, which all may have got. `by_account`: it says what this account may not, of a country
    or on trial; another one may.
    """

    kind: Refusal
    code: str
    is_unknown: bool = field(default=False, compare=False)
    by_account: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class GroupRefused:
    """The provider refused a request that carried `size` recipients: nobody of them was contacted.

    It does not say reliably who was at fault, so they are sent again in groups of half the size, until
    whoever it is fails alone.
    """

    size: int
    code: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been accepted: 5xx, read timeout, cut or garbled answer. Never re-sent blindly."""

    code: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Nothing can be sent until somebody acts: credentials, suspension, funds, an unusable sender."""

    scope: HaltScope
    code: str
    why: str


Answer = Accepted | NotSent | Throttled | Refused | GroupRefused | Unknown | Halt

_KINDS: dict[type[Answer], str] = {
    Accepted: "accepted",
    NotSent: "not_sent",
    Throttled: "throttled",
    Refused: "refused",
    GroupRefused: "group_refused",
    Unknown: "unknown",
    Halt: "halt",
}
KINDS = tuple(_KINDS.values())
"""Kinds of answers, as metrics and logs name them."""


def kind_of(answer: Answer) -> str:
    """Return the name of an answer's kind."""
    return _KINDS[type(answer)]

"""Meanings of a mail server's refusals: a reply of 4xx or 5xx is proof that it took nothing.

RFC 5321, section 4.2.3: a server must not deliver what it has answered so. The enhanced status, where
there is one, says whom it means: RFC 3463, section 3.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from worker.domain.evidence.answers import (
    Answer,
    Halt,
    HaltScope,
    NotSent,
    Refusal,
    Refused,
    Throttled,
)
from worker.domain.evidence.reports import Meaning

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """A whole reply. Its text may quote an address: it is read, and goes nowhere."""

    code: int
    text: str = ""

    @property
    def subject(self) -> int | None:
        """Return the enhanced status's subject: 1 an address, 2 a mailbox, … 7 policy; None: it has none."""
        found = _ENHANCED.match(self.text)
        return int(found[2]) if found else None

    @property
    def named(self) -> str:
        """Return what it is known by, without its words."""
        found = _ENHANCED.match(self.text)
        return f"smtp_{self.code}" + (f"_{found[0]}" if found else "")


class Stage(StrEnum):
    """The steps at which a server may say no."""

    GREETING = "greeting"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


# Of the whole server, or of how we came: RFC 5321, section 4.2.3; RFC 4954, section 6.
_HALTS: dict[int, str] = {
    530: "the mail server wants us to log in first",
    534: "the mail server wants another way to log in",
    535: "the mail server refused the login",
    538: "the mail server wants encryption for the login",
}
_WHY: dict[Stage, tuple[HaltScope, str]] = {
    Stage.GREETING: (HaltScope.CHANNEL, "the mail server does not talk to us"),
    Stage.LOGIN: (HaltScope.CHANNEL, "the mail server refused the login"),
    Stage.SENDER: (HaltScope.CAMPAIGN, "the mail server refused the campaign's source"),
}
# Whom a refusal for good means, by the code where no enhanced status says: RFC 5321, section 4.2.3.
_REFUSED: dict[Stage, dict[int, Refusal]] = {
    Stage.RECIPIENT: {
        550: Refusal.INVALID_TARGET,
        551: Refusal.INVALID_TARGET,
        553: Refusal.INVALID_TARGET,
        552: Refusal.NOT_PERMITTED,
    },
    Stage.CONTENT: {552: Refusal.CONTENT, 554: Refusal.CONTENT, 550: Refusal.CONTENT},
}
_BY_SUBJECT: dict[Stage, dict[int, Refusal]] = {
    Stage.RECIPIENT: {1: Refusal.INVALID_TARGET, 2: Refusal.NOT_PERMITTED},
    Stage.CONTENT: {
        1: Refusal.INVALID_TARGET,
        2: Refusal.NOT_PERMITTED,
        3: Refusal.CONTENT,
        6: Refusal.CONTENT,
        7: Refusal.CONTENT,
    },
}
CLOSING = 421
TOO_LARGE = 552


def judge(stage: Stage, reply: SmtpReply) -> Answer:
    """Judge a reply of 4xx or 5xx."""
    if reply.code == CLOSING or (stage is Stage.GREETING and reply.code < 500):
        return Throttled(None, reply.named)
    if reply.code < 500:  # a full mailbox or a grey list: later, and ever later
        return NotSent(reply.named)
    if why := _HALTS.get(reply.code):
        return Halt(HaltScope.CHANNEL, reply.named, f"{why} ({reply.named})")
    if stage is Stage.SENDER and reply.code == TOO_LARGE:
        return Refused(Refusal.CONTENT, reply.named)
    if stage in _WHY:
        scope, why = _WHY[stage]
        return Halt(scope, reply.named, f"{why} ({reply.named})")
    return _refuse(stage, reply)


def _refuse(stage: Stage, reply: SmtpReply) -> Refused:
    subject = reply.subject
    kind = _REFUSED[stage].get(reply.code) if subject is None else _BY_SUBJECT[stage].get(subject)
    # A refusal nobody has met yet, or for policy, stays with this recipient; a run of them halts.
    return Refused(
        kind or Refusal.NOT_PERMITTED, reply.named, is_unknown=kind in {None, Refusal.CONTENT}
    )


def meaning_of_status(status: str) -> Meaning:
    """Judge the status of a mail that came back, by RFC 3463: whom it means, and for how long."""
    found = _ENHANCED.fullmatch(status)
    if found is None or found[1] == "5":
        gone = found is not None and found[2] == "1"
        return Meaning.INVALID if gone else Meaning.UNDELIVERABLE
    return Meaning.MISSED  # given up after days of trying: it may be better another day

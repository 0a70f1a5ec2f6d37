"""The judge's book: every contact that was accepted, with the token read off the wire."""

import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Contact:
    """One person reached out to: a call, a message, or one recipient of a mail."""

    kind: str
    sid: str
    to: str
    source: str
    token: str | None
    scenario: str
    content: dict[str, Any]
    segments: int = 0
    """Of a text, as carriers count it."""
    accepted_at: float = field(default_factory=time.time)
    status: str = "queued"
    hung_up: bool = False
    """Whether its caller ended it."""
    taken_back: bool = False
    """Whether its caller canceled it before it rang: nobody was reached out to after all."""
    abandoned: bool = False
    """Whether its sender was gone before it could be answered."""


@dataclass(frozen=True, slots=True)
class SaidAnswer:
    """How a request to contact somebody was answered over HTTP."""

    kind: str
    people: int
    """How many it asked for."""
    status: int
    whole: bool
    """Whether all of the answer could be read by whoever asked."""


@dataclass(slots=True)
class Ledger:
    """Everything that happened since the last reset."""

    contacts: list[Contact] = field(default_factory=list)
    posts: list[tuple[float, str]] = field(default_factory=list)
    """When each create request arrived, accepted or not, and from which sender."""
    faults: Counter[str] = field(default_factory=Counter)
    answers: Counter[SaidAnswer] = field(default_factory=Counter)
    """How often each answer was given over HTTP; of a mail server's own protocol nothing is written."""
    opt_outs: list[dict[str, Any]] = field(default_factory=list)
    """Who said stop, how, and when the callback that told it was answered 2xx."""

    def accept(self, contact: Contact) -> None:
        """Write down one contact."""
        self.contacts.append(contact)

    def note_post(self, source: str) -> None:
        """Write down that a create request arrived."""
        self.posts.append((time.time(), source))

    def note_opt_out(self, kind: str, to: str, how: str) -> None:
        """Write down that an opt-out was told and taken."""
        self.opt_outs.append({"kind": kind, "to": to, "how": how, "at": time.time()})

    def summary(self) -> dict[str, Any]:
        """The figures of the whole book."""
        tokens = Counter(one.token for one in self.contacts if one.token)
        return {
            "contacts": len(self.contacts),
            "tokens": len(tokens),
            "contacts_per_token_max": max(tokens.values(), default=0),
            "duplicates": [token for token, n in tokens.items() if n > 1],
            "contacts_without_token": sum(one.token is None for one in self.contacts),
            "posts": len(self.posts),
            "by_scenario": Counter(one.scenario for one in self.contacts),
            "faults_fired": self.faults,
        }

    def list_answers(self) -> list[dict[str, Any]]:
        """Every kind of answer, and how often it was given: n."""
        return [{**asdict(one), "n": n} for one, n in self.answers.items()]

    def entries(self) -> list[dict[str, Any]]:
        """Every contact, without its content."""
        return [
            {name: value for name, value in asdict(one).items() if name != "content"}
            for one in self.contacts
        ]

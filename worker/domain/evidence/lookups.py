"""Answers to questions about an attempt in doubt."""

from dataclasses import dataclass

from worker.domain.evidence.reports import Report


@dataclass(frozen=True, slots=True)
class Matches:
    """Everything the provider lists that could be this attempt, whole and unambiguous; maybe nothing.

    Whether a candidate's sid is already bound to another attempt only the store knows.
    """

    reports: tuple[Report, ...]
    other_senders: tuple[str, ...] = ()
    """Sids of what reached the same person from another sender: ours too, if bound to another attempt."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """The provider could not be asked, or its answer was cut short: this decides nothing."""

    code: str


Lookup = Matches | Undecided

"""Runs of one code that leaves open whom it means: what is said to all of a campaign is not said of each.

Codes in the providers' tables say who is meant. Of another one, and of one about the words, it is assumed
that it means this request, until it has come for so many people, one after the other, that it must mean
all. Counted by each process for itself, without asking the database: a few people more hear nothing before
the halt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from worker.dispatch.halt import halt_on_word
from worker.domain.evidence.answers import Accepted, Answer, HaltScope, Refused
from worker.domain.evidence.reports import Meaning, Report
from worker.store import halts
from worker.store.connect import Engine, in_transaction


@dataclass(slots=True)
class Run:
    """A code, and about whom it came since anybody else of the campaign was told otherwise."""

    code: str
    about: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Runs:
    """The runs of this process, by campaign."""

    by_campaign: dict[int, Run] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def goes_on(self, campaign: int, code: str, about: str) -> int:
        """One more with this code; returns about how many it came by now."""
        with self.lock:
            run = self.by_campaign.get(campaign)
            if run is None or run.code != code:
                run = self.by_campaign[campaign] = Run(code)
            run.about.add(about)
            return len(run.about)

    def ends(self, campaign: int) -> None:
        """Somebody was told otherwise, or the campaign is halted."""
        with self.lock:
            self.by_campaign.pop(campaign, None)


ANSWERS, REPORTS = Runs(), Runs()
"""What is accepted may fail all the same: an acceptance ends no run of reported failures."""
OTHERWISE = frozenset({Meaning.REACHED, Meaning.NOTED, Meaning.CONNECTED, Meaning.MISSED})
"""What shows that the sender may send; a recipient who is refused for himself does not."""


def note_answers(
    engine: Engine, campaign: int, most: int, answers: Sequence[tuple[UUID, Answer]]
) -> None:
    """Halt the campaign where this many requests in a row were refused with the same code of that kind.

    Args:
        engine: the store.
        campaign: whose sender it is.
        most: how many are borne.
        answers: each with the token of the attempt it is about.
    """
    for about, answer in answers:
        match answer:
            case Refused(code=code, is_unknown=True):
                _note(engine, ANSWERS, campaign, code, str(about), most)
            case Accepted():
                ANSWERS.ends(campaign)
            case _:
                pass


def note_reports(engine: Engine, most: int, reports: Sequence[Report]) -> None:
    """The same of what is reported later; asks whose reports they are only while a run may be on."""
    telling = [
        one
        for one in reports
        if one.token and (one.is_unknown or (REPORTS.by_campaign and one.meaning in OTHERWISE))
    ]
    if not any(one.is_unknown for one in telling) and not REPORTS.by_campaign:
        return
    origins = in_transaction(engine, halts.origins_of, telling) if telling else {}
    for one in telling:
        origin = origins.get(one.key)
        if origin is None:
            continue
        if one.is_unknown:
            _note(engine, REPORTS, origin.campaign, one.code or one.name, str(one.token), most)
        else:
            REPORTS.ends(origin.campaign)


def _note(engine: Engine, runs: Runs, campaign: int, code: str, about: str, most: int) -> None:
    if runs.goes_on(campaign, code, about) < most:
        return
    runs.ends(campaign)
    why = (
        f"{most} in a row failed with {code}: it may mean the sender, or what all of them are told"
    )
    halt_on_word(engine, HaltScope.CAMPAIGN, str(campaign), why)

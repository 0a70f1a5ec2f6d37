"""An account's health: what of its answers failed or took long lately, and how much it is given to send.

It falls to nothing at once and comes back by steps, each of which has to go well. Only campaigns that list
several accounts ask: to the others there is nowhere else to go.
"""

from dataclasses import dataclass
from datetime import timedelta

from worker.domain.evidence.answers import Answer, NotSent, Unknown
from worker.domain.schedule.account_choice import ALL

STEPS = (0, 10, 25, 50, ALL)
"""Shares of a hundred, on the way back."""
FEWEST = 10
"""Answers that say nothing yet, where all goes by it."""
FEWEST_ON_TRIAL = 3
"""The same on the way back, where it gets few."""
LONGEST_DOUBLINGS = 4
OUR_OWN = frozenset({"deadline", "error"})
"""Failures that say nothing of the account: this process was late, or has a fault."""


@dataclass(frozen=True, slots=True)
class Health:
    """The share an account is given, since how long, and how often it fell since it was well."""

    share: int = ALL
    age: timedelta = timedelta(0)
    falls: int = 0


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of a window of time: all of them, and those that speak against the account."""

    asked: int = 0
    failed: int = 0
    slow: int = 0
    """Good ones that took long."""

    @property
    def bad(self) -> int:
        """Count what speaks against it."""
        return self.failed + self.slow


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of an account's share, with its reason."""

    share: int
    falls: int
    why: str


def is_failure(answer: Answer) -> bool:
    """Return whether it speaks against the account that it could not be reached, or did not answer.

    A rate is waited for, and whoever is refused is halted.
    """
    return isinstance(answer, NotSent | Unknown) and answer.code not in OUR_OWN


def judge_fall(health: Health, answers: Answers) -> Switch | None:
    """Give it nothing more once half of its answers were bad."""
    fewest = FEWEST if health.share == ALL else FEWEST_ON_TRIAL
    if not health.share or answers.asked < fewest or 2 * answers.bad < answers.asked:
        return None
    why = f"of {answers.asked} answers {answers.failed} failed and {answers.slow} took long"
    return Switch(0, health.falls + 1, why)


def judge_rise(health: Health, *, step: timedelta) -> Switch | None:
    """Give it more once its step has lasted; each fall in a row doubles the wait for the first one.

    Who asks has seen that it answers at all.
    """
    if health.share == ALL or health.age < rest_of(health, step=step):
        return None
    share = STEPS[STEPS.index(health.share) + 1]
    return Switch(share, 0 if share == ALL else health.falls, "it has answered since")


def rest_of(health: Health, *, step: timedelta) -> timedelta:
    """The time for which a share lasts before the next step."""
    if health.share:
        return step
    return step * (1 << min(max(health.falls - 1, 0), LONGEST_DOUBLINGS))

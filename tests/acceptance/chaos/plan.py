"""A seeded plan: what is loaded, killed, frozen, emptied, restarted and paused, and when."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

WORKERS = ("voice.1", "voice.2", "sms.1", "sms.2", "email.1", "email.2")
SCHEDULERS = ("scheduler.1", "scheduler.2")
PROCESSES = (*WORKERS, *SCHEDULERS, "web")


class Kind(StrEnum):
    """One way to disturb it."""

    LOAD = "load"
    KILL = "kill"
    KILL_SENDING = "kill while sending"
    TERM = "term"
    FREEZE = "freeze"
    PAUSE = "pause"
    REPEAT = "repeat messages"
    CLICK = "click on unsubscribe"
    STOP = "stop by text"
    EMPTY_BROKER = "empty broker"
    RESTART_BROKER = "restart broker"
    RESTART_POSTGRES = "restart postgres"
    CRASH_POSTGRES = "crash postgres"


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """At a time (seconds after the start) something is done to somebody."""

    at: float
    kind: Kind
    whom: str = ""


# How often each act occurs in a run of any size, and whom it may hit.
OFTEN: tuple[tuple[Kind, int, tuple[str, ...]], ...] = (
    (Kind.KILL, 8, WORKERS),
    (Kind.KILL_SENDING, 16, WORKERS),
    (Kind.KILL, 5, SCHEDULERS),
    (Kind.KILL, 3, ("web",)),
    (Kind.TERM, 3, WORKERS),
    (Kind.FREEZE, 5, WORKERS),
    (Kind.FREEZE, 3, SCHEDULERS),
    (Kind.PAUSE, 6, ("",)),
    (Kind.REPEAT, 12, ("",)),
    (Kind.CLICK, 20, ("",)),
    (Kind.STOP, 20, ("",)),
    (Kind.EMPTY_BROKER, 6, ("",)),
    (Kind.RESTART_BROKER, 2, ("",)),
    (Kind.RESTART_POSTGRES, 2, ("",)),
    (Kind.CRASH_POSTGRES, 3, ("",)),
)


def make_plan(seed: int, slices: int, seconds: float) -> list[Act]:
    """The same acts at the same times for the same seed.

    Args:
        seed: of the whole plan.
        slices: in how many pieces the requests are loaded, spread over the first part.
        seconds: how long it disturbs.
    """
    random = Random(seed)  # noqa: S311  a plan to be repeated, not a secret
    acts = [Act(seconds * 0.8 * n / slices, Kind.LOAD, str(n)) for n in range(slices)]
    for kind, times, targets in OFTEN:
        acts += [
            Act(random.uniform(1.0, seconds), kind, random.choice(targets)) for _ in range(times)
        ]
    return sorted(acts)

"""Why a batch is not moving, in one sentence; the first reason that holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories import make_facts
from worker.domain.schedule.eligibility import Claimable, NotYet
from worker.domain.schedule.explain import NOTHING_SCANS, Situation, when_finished, why_not_moving
from worker.domain.schedule.pace import Allowance
from worker.domain.schedule.plan import Plan
from worker.domain.statuses import Channel

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
FACTS = make_facts(created_at=NOW, last_updated_at=NOW, attempted=True)
MOVING = Situation(
    facts=FACTS,
    channel=Channel.VOICE,
    halt=None,
    eligibility=Claimable(None, None, Allowance(), None),
    waiting=10,
    due=1,
    next_due=None,
    plan=Plan((), LATER, 0),
)


def facts(**values: Any) -> Situation:
    return replace(MOVING, facts=replace(FACTS, **values))


def closed(why: str) -> NotYet:
    return NotYet(LATER, why, Allowance())


REASONS: dict[str, tuple[Situation, str | None]] = {
    "it moves": (MOVING, None),
    "deleted": (facts(deleted_at=NOW, deleted_reason="x"), "deleted by ana@example.com"),
    "a bad file": (facts(error_message="line 2: odd"), "its upload failed: line 2: odd"),
    "expired": (facts(expires_on=NOW), "expired"),
    "paused": (facts(paused=True), "paused by ana@example.com"),
    "finished": (facts(finished_at=NOW), None),
    "nothing waits": (replace(MOVING, waiting=0), None),
    "halted": (
        replace(MOVING, halt="wrong template", eligibility=closed("paced")), "halted: wrong template",
    ),
    "outside its window": (
        replace(MOVING, eligibility=closed("outside calling window until Tue")),
        "outside calling window until Tue",
    ),
    "every call is in use": (
        replace(MOVING, calls_in_use=1_000), "all 1,000 concurrent calls are in use",
    ),
    "every call is in use but nothing is due": (
        replace(MOVING, due=0, next_due=LATER, calls_in_use=50),
        "nothing is due until Mon 01 Jun 15:00 UTC",
    ),
    "nothing scans": (replace(MOVING, scanning=False), NOTHING_SCANS),
    "nothing scans, and nothing would be sent": (
        replace(MOVING, scanning=False, eligibility=closed("it is Sunday")), "it is Sunday",
    ),
    "nothing scans, and nothing waits": (replace(MOVING, scanning=False, waiting=0), None),
}  # fmt: skip


@pytest.mark.parametrize(("situation", "why"), REASONS.values(), ids=REASONS)
def test_it_says_why(situation: Situation, why: str | None) -> None:
    assert why_not_moving(situation, NOW) == why


ENDS: dict[str, tuple[Situation, str | None]] = {
    "in time": (MOVING, "about Mon 01 Jun 15:00 UTC, at the present pace"),
    "never": (
        replace(MOVING, plan=Plan((), None, 4)),
        "4 of 10 waiting requests will not be attempted in sight",
    ),
    "not in time": (
        replace(facts(expires_on=LATER), plan=Plan((), None, 4)),
        "4 of 10 waiting requests will not be attempted before Mon 01 Jun 15:00 UTC",
    ),
    "expired": (facts(expires_on=NOW), None),
    "nothing waits": (replace(MOVING, waiting=0), None),
    "nothing scans": (replace(MOVING, scanning=False), f"not in sight: {NOTHING_SCANS}"),
}


@pytest.mark.parametrize(("situation", "when"), ENDS.values(), ids=ENDS)
def test_it_says_when_it_ends(situation: Situation, when: str | None) -> None:
    assert when_finished(situation, NOW) == when

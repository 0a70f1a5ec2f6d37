"""Play a batch through a week with the functions the scan uses, on a clock of the test's own."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.simulation.campaigns import WEEK_LONG, Case
from worker.domain.schedule import eligibility, pace
from worker.domain.schedule.eligibility import MARGIN, NotYet, PacingState, evaluate
from worker.domain.schedule.pace import Allowance, Rates
from worker.domain.schedule.plan import plan
from worker.domain.schedule.windows import (
    LAST_SECOND,
    WEEK,
    Window,
    common_closing,
    common_opening,
    recipient_zones,
)

TICK = timedelta(seconds=0.5)


@dataclass(slots=True)
class Played:
    """What happened: when attempts began, and when the last request was done."""

    attempts: list[datetime] = field(default_factory=list)
    done_at: datetime | None = None
    foretold: list[tuple[datetime, int]] = field(default_factory=list)
    """What an operator was told, and when: how many requests would miss the expiry."""
    left: int = 0
    """How many were not attempted."""


def play(case: Case, random: Random) -> Played:
    """Every scan that would do something, until the work is done, the batch expires or the week ends."""
    player = Player(case, random, waiting=case.requests, now=case.begins)
    ends = min(case.expires_on or case.begins + WEEK_LONG, case.begins + WEEK_LONG)
    marks = looks(case)
    player.foretell()
    while (player.waiting or marks) and player.now < ends:
        at = (player.scan() if player.waiting else None) or ends
        player.now = max(player.now + TICK, _on_a_tick(at, case.begins))
        if marks and marks[0] <= player.now:
            player.now = marks.pop(0)
            player.add()
            player.foretell()
    player.played.left = player.waiting
    return player.played


def looks(case: Case) -> list[datetime]:
    """When work is added, and where an operator looks at an auto-paced batch: in each quarter of its time."""
    if case.rate is not None or case.expires_on is None:
        return []
    changed = max((at for at, _ in case.added), default=case.begins)
    quarters = (changed + (case.expires_on - changed) * n / 4 for n in (1, 2, 3))
    return sorted({*(at for at, _ in case.added), *quarters})


@dataclass(slots=True)
class Player:
    """The state a scan reads and writes, in memory."""

    case: Case
    random: Random
    waiting: int
    now: datetime
    baseline: int | None = None
    allowance: Allowance = field(default_factory=Allowance)
    used: Counter[date] = field(default_factory=Counter)
    played: Played = field(default_factory=Played)

    def scan(self) -> datetime | None:
        """Judge, claim and begin. Returns when to look again; None: never."""
        pacing = self._standing()
        self.baseline = self.baseline or eligibility.new_baseline(pacing, self.now)
        verdict = evaluate(self._standing(), self.now)
        self.allowance = verdict.allowance
        if isinstance(verdict, NotYet):
            return verdict.at
        if self.case.hours.recipient is not None:
            zones = recipient_zones(self.case.number)
            until = common_closing(zones, self.case.hours.recipient, self.now)
            if until is None or until - MARGIN <= self.now:
                return common_opening(zones, self.case.hours.recipient, self.now + MARGIN)
        n = min(self.waiting, self.waiting if verdict.most is None else verdict.most)
        for _ in range(n):
            self._begin(verdict.until)
        self.allowance = pace.take(verdict.allowance, n)
        return (
            pace.next_claim_at(self.allowance, verdict.per_hour) if verdict.per_hour else self.now
        )

    def add(self) -> None:
        """Take in the work that comes at this moment."""
        if n := sum(n for at, n in self.case.added if at == self.now):
            self.waiting += n
            self.played.done_at = None

    def foretell(self) -> None:
        """Note what the plan says at this moment of an auto-paced batch."""
        if self.case.rate is None:
            missed = plan(self._standing(), self.waiting, self.now).missed
            self.played.foretold.append((self.now, missed))

    def _begin(self, until: datetime | None) -> None:
        # A worker begins a moment after the claim, as late as its lease allows.
        began = self.now + timedelta(seconds=self.random.uniform(0, 2))
        self.played.attempts.append(min(began, until or began))
        self.used[self._day()] += 1
        if self.random.random() >= self.case.retry_share:
            self.waiting -= 1
        if not self.waiting:
            self.played.done_at = self.now

    def _day(self) -> date:
        return self.now.astimezone(ZoneInfo(self.case.hours.window.zone)).date()

    def _standing(self) -> PacingState:
        auto = self.case.rate is None
        return PacingState(
            batch=1,
            campaign=1,
            hours=self.case.hours,
            rates=Rates(hourly_rate=self.case.rate, auto_call_rate=auto, baseline=self.baseline),
            expires_on=self.case.expires_on,
            remaining=self.waiting,
            max_daily_calls=self.case.max_daily_calls,
            used_today=self.used[self._day()],
            allowance=self.allowance,
        )


def _on_a_tick(at: datetime, begins: datetime) -> datetime:
    """The first tick of the scheduler from that moment on."""
    if at.year > begins.year + 1:
        return at
    ticks = -((begins - at) // TICK)
    return begins + max(0, ticks) * TICK


def violations(case: Case, played: Played) -> int:
    """How many attempts broke a rule, judged by the wall clock and not by the product's functions."""
    broken = 0
    zone = ZoneInfo(case.hours.window.zone)
    days: Counter[date] = Counter()
    for at in played.attempts:
        days[at.astimezone(zone).date()] += 1
        local = [at.astimezone(ZoneInfo(name)) for name in recipient_zones(case.number)]
        own = case.hours.recipient
        broken += not _inside(case.hours.window, at.astimezone(zone))
        if own is not None:
            broken += any(not own[0] <= there.time() < own[1] for there in local)
        broken += case.expires_on is not None and at >= case.expires_on
    if case.max_daily_calls is not None:
        # A claim of the last second before midnight may begin in the first of the next day.
        broken += sum(max(0, n - case.max_daily_calls - 1) for n in days.values())
    return broken


def _inside(window: Window, local: datetime) -> bool:
    """Whether the wall clock shows an hour of today's window, or of yesterday's over midnight."""
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        if day in window.overrides:
            hours = window.overrides[day]
        elif day in window.holidays or WEEK[day.weekday()] not in window.days:
            hours = None
        else:
            hours = (window.start, window.end)
        if hours is None:
            continue
        start, end = hours
        over = end <= start
        if back == 0 and (
            start <= local.time() and (over or local.time() < end or end == LAST_SECOND)
        ):
            return True
        if back == 1 and over and local.time() < end:
            return True
    return False

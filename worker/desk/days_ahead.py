"""The next days over all batches: how many fall into which day, and what will not fit."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from worker.desk.now import UnderWay, batches_under_way
from worker.domain.contract.batch_queries import BatchQuery
from worker.domain.schedule.ceilings import Ceilings
from worker.store import batch_lists
from worker.store.connect import Connection, Engine, in_transaction

PLANNED = 50
"""Batches that are planned, the newest first."""
DAYS = 14


@dataclass(frozen=True, slots=True)
class DayPlanned:
    """The number of people a day is planned for."""

    day: date
    n: int


@dataclass(frozen=True, slots=True)
class DaysAhead:
    """The plan of all unfinished batches. `missed`: those with people who will not fit."""

    days: tuple[DayPlanned, ...]
    missed: tuple[UnderWay, ...]
    batches: tuple[UnderWay, ...]
    more: bool


def look_ahead(engine: Engine, *, ceilings: Ceilings, zone: str) -> DaysAhead:
    """Return what the pace of each batch makes of the days to come, in this zone."""

    def step(connection: Connection) -> DaysAhead:
        query = BatchQuery(finished=False, limit=PLANNED + 1)
        found = batch_lists.list_batches(connection, query, None)
        seen = batches_under_way(connection, found[:PLANNED], ceilings, zone)
        return DaysAhead(
            days=_by_day(seen, zone),
            missed=tuple(one for one in seen if one.outlook.plan.missed),
            batches=tuple(seen),
            more=len(found) > PLANNED,
        )

    return in_transaction(engine, step)


def _by_day(seen: list[UnderWay], zone: str) -> tuple[DayPlanned, ...]:
    counted: Counter[date] = Counter()
    for one in seen:
        for at, n in one.outlook.plan.hours:
            counted[at.astimezone(ZoneInfo(zone)).date()] += n
    return tuple(DayPlanned(day, n) for day, n in sorted(counted.items())[:DAYS])

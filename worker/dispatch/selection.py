"""Selection of the due requests that may be claimed, and until when: by the recipient's own clock too."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from worker.domain.schedule.eligibility import MARGIN, Claimable
from worker.domain.schedule.windows import Hours, common_closing, common_opening, recipient_zones
from worker.store import due_requests
from worker.store.connect import Connection
from worker.store.due_batches import Candidate
from worker.store.due_requests import Picked

# Rounds in which a batch looks past recipients whose hours are closed, and how far each round looks.
ROUNDS = 8
STEP = 1000
UNKNOWN_PAUSE = timedelta(days=1)
"""A recipient whose zones are unknown, or never open together, is looked at once a day."""


class Selected(NamedTuple):
    """A request that may be claimed, and until when it may begin."""

    batch: int
    request: int
    until: datetime


def select_requests(
    connection: Connection,
    candidates: Mapping[int, Candidate],
    turns: Mapping[int, Claimable],
    shares: Mapping[int, int],
    lease_until: datetime,
    now: datetime,
) -> list[Selected]:
    """Select the requests that may be claimed.

    1. Pick what is longest due.
    2. Whose own hours are closed is due again when they open.
    3. As long as that leaves a share unfilled, pick further.
    """
    chosen: dict[int, Selected] = {}
    missing = {batch: share for batch, share in shares.items() if share > 0}
    hours = {batch: candidates[batch].pacing.hours.recipient for batch in missing}
    asking = {batch for batch, local in hours.items() if local is not None}
    wanted = dict(missing)
    for _ in range(ROUNDS):
        if not wanted:
            break
        picked = [
            one
            for one in due_requests.pick_requests(connection, wanted, asking)
            if one.request not in chosen
        ]
        closed: dict[int, datetime] = {}
        behind: set[int] = set()
        for one in picked:
            end = _ends(one, turns[one.batch], hours[one.batch], lease_until, now)
            if end is None:
                closed[one.request] = _opens(one, hours[one.batch], now)
                behind.add(one.batch)
            elif missing[one.batch] > 0:
                chosen[one.request] = Selected(one.batch, one.request, end)
                missing[one.batch] -= 1
        if closed:
            due_requests.postpone_requests(connection, closed)
        # What is granted already is picked again, so the next round looks past it.
        wanted = {b: shares[b] + STEP for b in behind if missing[b] > 0}
    return list(chosen.values())


def _ends(
    one: Picked, turn: Claimable, hours: Hours | None, lease_until: datetime, now: datetime
) -> datetime | None:
    """Return when the claim ends at the latest; None when this recipient's hours are closed."""
    end = lease_until if turn.until is None else min(lease_until, turn.until)
    if hours is None or one.address is None:
        return end
    until = common_closing(recipient_zones(one.address), hours, now)
    if until is None or until - MARGIN <= now:
        return None
    return min(end, until - MARGIN)


def _opens(one: Picked, hours: Hours | None, now: datetime) -> datetime:
    if hours is None or one.address is None:
        return now
    zones = recipient_zones(one.address)
    # Looked for from behind the margin: what closes in a moment opens tomorrow.
    return common_opening(zones, hours, now + MARGIN) or now + UNKNOWN_PAUSE

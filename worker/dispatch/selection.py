"""Selection of the due requests that may be claimed, and until when: by the recipient's own clock too."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from worker.dispatch.candidacy import Candidacy
from worker.domain.schedule.eligibility import MARGIN
from worker.domain.schedule.windows import Hours, common_closing, common_opening, recipient_zones
from worker.store import due_requests
from worker.store.connect import Connection
from worker.store.due_requests import Picked

# Rounds in which a batch looks past recipients whose hours are closed, and how far each round looks.
ROUNDS = 8
STEP = 1000
UNKNOWN_PAUSE = timedelta(days=1)
"""A recipient whose zones are unknown, or never open together, is looked at once a day."""


def select_requests(
    connection: Connection,
    candidacies: Sequence[Candidacy],
    lease_until: datetime,
    now: datetime,
) -> None:
    """Choose of each batch the requests that may be claimed.

    1. Pick what is longest due.
    2. Whose own hours are closed is due again when they open.
    3. As long as that leaves a share unfilled, pick further.
    """
    sharing = {one.batch: one for one in candidacies if one.share > 0}
    wanted = {batch: one.share for batch, one in sharing.items()}
    for _ in range(ROUNDS):
        if not wanted:
            break
        behind = _choose(connection, sharing, wanted, lease_until, now)
        # What is chosen already is picked again, so the next round looks past it.
        wanted = {one.batch: one.share + STEP for one in behind if one.missing > 0}


def _choose(
    connection: Connection,
    sharing: Mapping[int, Candidacy],
    wanted: Mapping[int, int],
    lease_until: datetime,
    now: datetime,
) -> list[Candidacy]:
    """Fill shares from what is picked. Returns the batches with recipients whose hours are closed."""
    asking = {batch for batch, one in sharing.items() if one.pacing.hours.recipient is not None}
    ends = {batch: one.ends_by(lease_until) for batch, one in sharing.items()}
    closed: dict[int, datetime] = {}
    behind: set[int] = set()
    for picked in due_requests.pick_requests(connection, wanted, asking):
        one = sharing[picked.batch]
        if picked.request in one.chosen:
            continue
        hours = one.pacing.hours.recipient
        end = _ends(picked, hours, ends[picked.batch], now)
        if end is None:
            closed[picked.request] = _opens(picked, hours, now)
            behind.add(picked.batch)
        elif one.missing > 0:
            one.chosen[picked.request] = end
    if closed:
        due_requests.postpone_requests(connection, closed)
    return [sharing[batch] for batch in behind]


def _ends(one: Picked, hours: Hours | None, end: datetime, now: datetime) -> datetime | None:
    """Return when the claim ends at the latest; None when this recipient's hours are closed."""
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

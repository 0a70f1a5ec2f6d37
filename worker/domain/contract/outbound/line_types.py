"""Line types that a campaign may dial: their three buckets, and the types of our numbering plans.

They look each number up for money; we read the plan, which tells a mobile from a landline everywhere but in
North America and a few countries more: there it is "unknown or could not be classified".
"""

from collections.abc import Sequence
from itertools import combinations

from worker.domain.recipients.number_policy import LINE_TYPES

BUCKETS: dict[str, str] = {"mobile": "mobile", "landline": "fixed_line", "voip": "voip"}
EITHER = "fixed_line_or_mobile"


def refused_types(allowed: Sequence[str], *, unknown: bool) -> tuple[str, ...]:
    """The types that are not dialed where only these buckets are; no bucket means no filter."""
    if not allowed:
        return ()
    dialed = {BUCKETS[name] for name in allowed}
    if unknown or {"mobile", "landline"} <= set(allowed):
        dialed.add(EITHER)
    return tuple(name for name in LINE_TYPES if name not in dialed)


def allowed_buckets(refused: Sequence[str]) -> tuple[list[str] | None, bool]:
    """The buckets, and whether unknown ones are dialed, that mean these refused types; None where none do."""
    for size in range(1, len(BUCKETS) + 1):
        for chosen in combinations(BUCKETS, size):
            for unknown in (True, False):
                if set(refused_types(chosen, unknown=unknown)) == set(refused):
                    return list(chosen), unknown
    return None, True

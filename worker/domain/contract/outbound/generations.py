"""Generations of the public SDK, by the values each reads: enums are closed, one unknown value fails a call.

Measured on the SDK's wheels. A generation is read from the User-Agent of the Python SDK; whoever
else asks is the newest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from re import compile as pattern

from worker.domain.statuses import BatchStatus, RequestStatus

_AGENT = pattern(r"speakeasy-sdk/python (\d{1,4})\.(\d{1,6})\.(\d{1,6})(?:\s|$)")
Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The values that one generation reads.

    `before`: the first version that is not of it. `statuses`, `batch_statuses`: where it has another name
    than ours. `bare_lists`: a list is an array. `mute`: fields it sends empty, whatever they hold.
    """

    before: Version
    statuses: Mapping[RequestStatus, str]
    batch_statuses: Mapping[BatchStatus, str]
    bare_lists: bool
    mute: frozenset[str]

    def status(self, ours: RequestStatus) -> str:
        """The name under which it knows where a request stands."""
        return self.statuses.get(ours, ours.value)

    def batch_status(self, ours: BatchStatus) -> str:
        """The name under which it knows where a batch stands."""
        return self.batch_statuses.get(ours, ours.value)

    def meant_by(self, name: str) -> frozenset[RequestStatus]:
        """Our statuses that a filter asks for, by our name or its; none where nobody has such a name."""
        return frozenset(one for one in RequestStatus if name in {one.value, self.status(one)})

    def batches_meant_by(self, name: str) -> frozenset[BatchStatus]:
        """The same for batches."""
        return frozenset(one for one in BatchStatus if name in {one.value, self.batch_status(one)})


_S, _B = RequestStatus, BatchStatus
_SKIPPED = {_S.SKIPPED: "CANCELED"}
_CALLS = _SKIPPED | {_S.COMPLETED: "CALL_COMPLETED"}
_CONNECTED = _SKIPPED | {_S.COMPLETED: "CONNECTED"}
_FIRST = _CONNECTED | {_S.INVALID: "FAILED"}
_IDLE = {_B.FAILED: "IDLE"}
_VARIABLES = frozenset({"request_variables"})
_ALL_VARIABLES = _VARIABLES | {"campaign_variables"}
_NEVER = (9_999, 0, 0)

_Line = tuple[Version, Mapping[RequestStatus, str], Mapping[BatchStatus, str], bool, frozenset[str]]
_TABLE: tuple[_Line, ...] = (
    ((0, 4, 2), _FIRST, _IDLE, True, _ALL_VARIABLES),
    ((0, 5, 0), _FIRST, _IDLE, False, _ALL_VARIABLES),
    ((0, 33, 6), _FIRST, {}, False, _VARIABLES),
    ((0, 34, 0), _CONNECTED, {}, False, _VARIABLES),
    ((0, 41, 14), _CONNECTED, {}, False, frozenset()),
    ((0, 45, 34), _CALLS, {}, False, frozenset()),
    ((0, 46, 11), _SKIPPED, {}, False, frozenset()),
    (_NEVER, {}, {}, False, frozenset()),
)
"""before, statuses, batch statuses, bare lists, mute; the oldest first."""

GENERATIONS = tuple(
    Generation(before=before, statuses=s, batch_statuses=b, bare_lists=bare, mute=mute)
    for before, s, b, bare, mute in _TABLE
)
NEWEST = GENERATIONS[-1]


def generation_of(user_agent: str) -> Generation:
    """The generation that speaks."""
    found = _AGENT.search(user_agent)
    if found is None:
        return NEWEST
    version = (int(found[1]), int(found[2]), int(found[3]))
    return next((one for one in GENERATIONS if version < one.before), NEWEST)

from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO

import pytest

from tests.factories import make_facts
from worker.cli.screen import Screen
from worker.cli.watching import watch
from worker.domain.contract.batches import BatchDetails, Count
from worker.domain.statuses import BatchStatus, ChannelStatus, RequestStatus

AT = datetime(2025, 8, 12, tzinfo=UTC)
FACTS = make_facts(created_at=AT, last_updated_at=AT, attempted=True)
WAITING = Count(RequestStatus.PENDING, ChannelStatus.PENDING, 2)
DONE = Count(RequestStatus.COMPLETED, ChannelStatus.DELIVERED, 2)


def seen(status: BatchStatus, *counts: Count) -> BatchDetails:
    return BatchDetails(FACTS, status, counts)


def looking(*sights: BatchDetails) -> Callable[[], BatchDetails]:
    """Shows each in turn, and fails when asked beyond the last."""
    coming = iter(sights)
    return lambda: next(coming)


@pytest.mark.parametrize(
    "sights",
    [
        pytest.param(
            (seen(BatchStatus.ACTIVE, WAITING), seen(BatchStatus.ACTIVE, DONE)), id="done"
        ),
        pytest.param((seen(BatchStatus.PENDING), seen(BatchStatus.ACTIVE, DONE)), id="empty-first"),
        pytest.param((seen(BatchStatus.CANCELED),), id="deleted-empty"),
        pytest.param(
            (seen(BatchStatus.CANCELED, WAITING), seen(BatchStatus.CANCELED, DONE)),
            id="deleted-with-work-under-way",
        ),
    ],
)
def test_a_watch_ends_when_nothing_is_open(sights: tuple[BatchDetails, ...]) -> None:
    out = StringIO()

    watch(looking(*sights), Screen(file=out), interval=0)

    assert f"Batch B · {sights[-1].status}" in out.getvalue()


def test_ctrl_c_ends_the_watch_quietly() -> None:
    def interrupted() -> BatchDetails:
        raise KeyboardInterrupt

    watch(interrupted, Screen(file=StringIO()), interval=0)

from datetime import UTC, datetime, time, timedelta, timezone
from uuid import UUID

import pytest

from worker.domain.statuses import RequestStatus
from worker.domain.wire import stamp, to_wire

BERLIN = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        pytest.param(None, None, id="nothing"),
        pytest.param(RequestStatus.PENDING, "PENDING", id="status"),
        pytest.param(datetime(2025, 8, 12, tzinfo=UTC), "2025-08-12T00:00:00Z", id="time"),
        pytest.param(
            datetime(2025, 8, 12, 2, 0, 0, 1500, tzinfo=BERLIN),
            "2025-08-12T00:00:00.001Z",
            id="time-elsewhere",
        ),
        pytest.param(time(9), "09:00:00", id="clock-time"),
        pytest.param(timedelta(minutes=90), "90m", id="minutes"),
        pytest.param(timedelta(hours=36), "36h", id="hours"),
        pytest.param(timedelta(days=7), "7d", id="days"),
        pytest.param(timedelta(0), "0m", id="no-time"),
        pytest.param(UUID(int=1), "00000000-0000-0000-0000-000000000001", id="uuid"),
        pytest.param({"a": (1, "b")}, {"a": [1, "b"]}, id="nested"),
    ],
)
def test_every_value_has_one_form_on_the_wire(value: object, wire: object) -> None:
    assert to_wire(value) == wire


def test_a_value_without_a_form_is_our_fault() -> None:
    with pytest.raises(TypeError, match="object has no form"):
        to_wire(object())


def test_a_stamp_counts_milliseconds_only_when_asked() -> None:
    at = datetime(2025, 8, 12, 1, 2, 3, 4000, tzinfo=UTC)

    assert stamp(at) == "2025-08-12T01:02:03Z"
    assert stamp(at, fine=True) == "2025-08-12T01:02:03.004Z"

"""A START takes back STOPs only where it is known to have been written after each of them."""

from datetime import UTC, datetime, timedelta

import pytest

from worker.domain.consent.start_messages import Recalled, Received, StartVerdict, judge_start
from worker.domain.evidence.lookups import Undecided

NUMBER = "+15125550140"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
START = Received(NUMBER, NOON)
EARLIER, SAME, LATER = (Received(NUMBER, NOON + n * SECOND) for n in (-1, 0, 1))
LIFTS, STAYS, AGAIN = StartVerdict.LIFTS, StartVerdict.STAYS, StartVerdict.ASK_AGAIN


@pytest.mark.parametrize(
    ("start", "stops", "verdict"),
    [
        pytest.param(START, [EARLIER], LIFTS, id="after the STOP"),
        pytest.param(Received("15125550140", NOON), [EARLIER], LIFTS, id="written without a plus"),
        pytest.param(START, [SAME], STAYS, id="in the same second"),
        pytest.param(START, [LATER], STAYS, id="before the STOP"),
        pytest.param(START, [EARLIER, LATER], STAYS, id="before the latest STOP"),
        pytest.param(START, [None], STAYS, id="a STOP that has no id to ask by"),
        pytest.param(None, [EARLIER], STAYS, id="without an id to ask by"),
        pytest.param(Received("+15125550141", NOON), [EARLIER], STAYS, id="of another number"),
        pytest.param(Received("Acme", NOON), [EARLIER], STAYS, id="of no number"),
        pytest.param(Undecided("http_500"), [EARLIER], AGAIN, id="the provider is away"),
        pytest.param(START, [EARLIER, Undecided("http_500")], AGAIN, id="away for one STOP"),
    ],
)
def test_when_a_start_counts(start: Recalled, stops: list[Recalled], verdict: StartVerdict) -> None:
    assert judge_start(NUMBER, start, stops) is verdict

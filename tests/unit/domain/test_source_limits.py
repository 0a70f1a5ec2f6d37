"""Carriers' limits as rates: whatever a bucket holds, no minute has more than the carrier takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.schedule.source_limits import SourceLimit
from worker.limits import Bucket


@given(per_minute=st.integers(15, 100_000), largest=st.integers(1, 6))
def test_a_full_bucket_and_a_minute_are_within_the_limit(per_minute: int, largest: int) -> None:
    rate = SourceLimit("a", per_minute).per_second(largest)
    bucket = Bucket("a", rate, largest)

    assert bucket.burst + 60 * bucket.per_second <= per_minute
    assert bucket.burst >= largest


@pytest.mark.parametrize(("per_minute", "segments"), [(75, 60), (240, 200), (4_500, 4_000)])
def test_nearly_all_of_it_is_used(per_minute: int, segments: int) -> None:
    assert 60 * SourceLimit("a", per_minute).per_second(1) > segments

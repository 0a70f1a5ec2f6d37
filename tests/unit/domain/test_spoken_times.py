"""Times as they are typed: by the clocks of a zone, and never guessed where these skip or repeat one."""

from datetime import UTC, datetime

import pytest

from worker.domain.schedule.spoken_times import spoken_time

ZONE = "Europe/Berlin"
# A Tuesday, 23:30 in Berlin: the day there is not that of UTC an hour later.
NOW = datetime(2027, 3, 23, 22, 30, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


MEANT = {
    "tomorrow 8:00": utc(2027, 3, 24, 7),
    "Tomorrow 08:00": utc(2027, 3, 24, 7),
    "today 23:45": utc(2027, 3, 23, 22, 45),
    "today 8:00": utc(2027, 3, 23, 7),
    "tue 23:45": utc(2027, 3, 23, 22, 45),
    "tue 8:00": utc(2027, 3, 30, 6),
    "wednesday 8:00:30": utc(2027, 3, 24, 7, 0, 30),
    "mon 8:00": utc(2027, 3, 29, 6),
    "2027-03-28 8:00": utc(2027, 3, 28, 6),
    "2027-03-28T08:00": utc(2027, 3, 28, 6),
    " 2027-03-28T08:00:00+02:00 ": utc(2027, 3, 28, 6),
    "2027-03-28T02:30:00+01:00": utc(2027, 3, 28, 1, 30),
    "2027-03-28T08:00:00Z": utc(2027, 3, 28, 8),
}


@pytest.mark.parametrize("text", MEANT)
def test_a_time_is_read_by_the_clocks_of_the_zone(text: str) -> None:
    assert spoken_time(text, ZONE, NOW) == MEANT[text]


REFUSED = {
    "": "must be a time like",
    "8:00": "must be a time like",
    "tomorrow": "must be a time like",
    "tomorrow 25:00": "must be a time like",
    "someday 8:00": "must be a time like",
    "2027-02-30 8:00": "must be a time like",
    "2027-03-28": "must be a time like",
    "2027-03-28T08": "must be a time like",
    "2027-03-28 2:30": "skip this time",
    "2027-10-31 2:30": "show this time twice",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_means_no_moment_or_two_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[text]):
        spoken_time(text, ZONE, NOW)

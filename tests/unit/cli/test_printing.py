from datetime import UTC, datetime

import pytest

from worker.cli.printing import cell, printable


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (7, "7"),
        (datetime(2025, 8, 12, tzinfo=UTC), "2025-08-12T00:00:00Z"),
        ({"name": "Ana"}, '{"name":"Ana"}'),
    ],
)
def test_a_cell_shows_a_value_plainly(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_nothing_a_stranger_wrote_steers_the_terminal() -> None:
    assert printable("\x1b[2Jgone\r[red]\nMálaga") == "�[2Jgone�[red]\nMálaga"

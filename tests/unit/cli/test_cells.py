"""How one value looks."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson
import pytest

from worker.cli.cells import cell
from worker.cli.plain_text import escape, printable

BERLIN = ZoneInfo("Europe/Berlin")
STEERING = "\x1b[2Jgone\r[red]\x07\x9b31m\u202eback\u2066\u200b"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (7, "7"),
        (datetime(2025, 8, 12, tzinfo=UTC), "2025-08-12 00:00:00"),
        ({"name": "Ana", "n": 1}, "name: Ana\nn: 1"),
        (["mon", "tue"], "mon, tue"),
        ([{"url": "x"}], '{"url":"x"}'),
    ],
)
def test_a_cell_shows_a_value_plainly(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_a_time_is_told_in_the_zone_of_the_screen() -> None:
    assert cell(datetime(2025, 8, 12, tzinfo=UTC), BERLIN) == "2025-08-12 02:00:00"


def test_nothing_a_stranger_wrote_steers_the_terminal() -> None:
    assert printable(STEERING) == "�[2Jgone�[red]��31m�back��"
    assert printable("Málaga\nک\u200cک") == "Málaga\nک\u200cک"


def test_json_means_the_same_and_steers_nothing() -> None:
    value = {"name": STEERING + "\U000e0001é"}

    told = escape(orjson.dumps(value).decode())

    assert orjson.loads(told) == value
    assert all(char.isprintable() for char in told)
    assert "é" in told

"""A list at eighty columns: nothing is folded, ids are whole, what does not fit is named."""

from datetime import UTC, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from worker.cli.listing import Listing, break_name, wrap_text
from worker.cli.printing import add_row, table
from worker.cli.screen import Screen

AT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
SID = "CA" + "5a" * 16
WORDS = "a reason that is told in far more words than there is room for in a terminal of this width"


def shown(listing: Listing, *, wide: bool = False, zone: str = "UTC") -> list[str]:
    out = StringIO()
    screen = Screen(file=out, width=80, wide=wide, zone=ZoneInfo(zone))
    screen.print(listing)
    screen.print_notes()
    return out.getvalue().splitlines()


def of(*columns: str, rows: list[list[object]], **how: bool) -> Listing:
    listing = table(None, *columns, **how)
    for row in rows:
        add_row(listing, row)
    return listing


def test_what_does_not_fit_is_left_out_from_the_right_and_named() -> None:
    columns = ("reference_id", "reason", "sent_at", "target", "call_manager_sid", "request_status")
    lines = shown(of(*columns, rows=[["R-1", WORDS, AT, "+15125550100", SID, "COMPLETED"]]))

    assert max(map(cell_len, lines)) <= 80
    assert lines[-1] == ("Not shown: call_manager_sid, request_status; --wide or --json shows all.")
    assert lines[-2] == "Times are in UTC."
    [row] = [line for line in lines if line.startswith("R-1")]
    assert "…" in row
    assert row.endswith("2026-03-01 23:30  +15125550100")


def test_wide_shows_every_column_whole() -> None:
    columns = ("reference_id", "reason", "call_manager_sid")
    lines = shown(of(*columns, rows=[["R-1", WORDS * 3, SID]]), wide=True)

    assert lines[-1] == f"R-1         {WORDS * 3}  {SID}"


def test_an_id_is_never_cut_so_that_it_can_be_pasted() -> None:
    long = "x" * 200

    lines = shown(of("batch_id", "status", rows=[[long, "ACTIVE"]]))

    assert long in lines


def test_a_column_without_anything_in_it_takes_no_room() -> None:
    lines = shown(of("id", "error_message", "mode", rows=[[1, None, "sms"], [2, None, "sms"]]))

    assert [line.split() for line in lines] == [
        ["id", "mode"],
        ["────────"],
        ["1", "sms"],
        ["2", "sms"],
    ]


def test_a_cell_stays_on_one_line_whatever_stands_in_it() -> None:
    lines = shown(of("id", "reason", rows=[[1, "two\nlines\x1b[2J"], [2, "one"]]))

    assert lines[2:] == [" 1  two lines�[2J", " 2  one"]


def test_numbers_stand_on_the_right_and_wide_letters_count_as_two() -> None:
    lines = shown(of("name", "n", rows=[["日本", 7], ["ab", 12_345]]))

    assert lines[2:] == ["日本      7", "ab    12345"]


def test_a_history_is_told_by_day_in_the_zone_of_the_screen() -> None:
    rows: list[list[object]] = [[AT, "began", SID], [AT.replace(hour=10), WORDS, None]]
    history = of("at", "what", "why", rows=rows, breaks=True, by_day=True)

    lines = shown(history, zone="Europe/Berlin")

    assert [line for line in lines if line.startswith("2026")] == ["2026-03-02", "2026-03-01"]
    assert lines[3].startswith("00:30:00.000  began")
    assert lines[3].endswith(SID)
    assert max(map(cell_len, lines)) <= 80
    assert " ".join(" ".join(lines[5:-1]).split()) == f"11:30:00.000 {WORDS}"
    assert lines[-1] == "Times are in Europe/Berlin."


def test_an_empty_list_says_so() -> None:
    assert shown(of("id", "created_at", rows=[]))[-1] == "none"


@pytest.mark.parametrize(
    ("name", "width", "lines"),
    [
        ("reference_id", 20, ["reference_id"]),
        ("channel_manager_status", 9, ["channel_", "manager_", "status"]),
        ("what to do", 7, ["what to", "do"]),
    ],
)
def test_a_heading_is_broken_only_between_its_words(
    name: str, width: int, lines: list[str]
) -> None:
    assert break_name(name, width) == lines


def test_a_word_longer_than_the_line_is_broken_and_nothing_is_lost() -> None:
    assert wrap_text("a " + "b" * 7 + " c", 3) == ["a", "bbb", "bbb", "b c"]

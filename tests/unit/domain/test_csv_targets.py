"""A list of targets: one a line, or a column of a CSV file; nobody in it is passed over without a word."""

import pytest

from worker.domain.contract.csv_targets import targets
from worker.domain.errors import FileFault

ANA, BO = "+15125550100", "+15125550101"


def read(text: str) -> list[tuple[int, str]]:
    return list(targets(text.encode().splitlines(keepends=True)))


@pytest.mark.parametrize(
    "text",
    [
        f"{ANA}\n{BO}\n",
        f"\ufeff{ANA}\r\n{BO}",
        f'"{ANA}"\n" {BO} "\n',
        f" {ANA} \n\u00a0{BO}\u00a0\n",
        f"{ANA},,\n{BO};;\t\n",
    ],
    ids=["plain", "as Windows writes it", "quoted", "among blanks", "beside empty cells"],
)
def test_a_plain_list_is_read_line_by_line(text: str) -> None:
    assert read(text) == [(1, ANA), (2, BO)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"target\n{ANA}\n", 2),
        (f"Target;reason\n{ANA};STOP\n", 2),
        (f'"name","TARGET"\n"a\nb",{ANA}\n', 2),
        (f"sep=;\ntarget;x\n{ANA};1\n", 3),
        (f"\n,,\nname\ttarget\nAna\t {ANA} \n", 4),
        (f"name,target\nBo,\n,{ANA}\n", 3),
    ],
)
def test_a_column_is_read_wherever_it_stands(text: str, line: int) -> None:
    assert read(text) == [(line, ANA)]


@pytest.mark.parametrize("told", ["sep=,", "SEP=;", '"sep=;"', "sep="])
def test_what_tells_excel_the_separator_is_nobody(told: str) -> None:
    assert read(f"{told}\n{ANA}\n") == [(2, ANA)]


@pytest.mark.parametrize("line", [f"{ANA},STOP", f"{ANA}\t{BO}", f"{ANA} STOP", "phone,date"])
def test_what_stands_beside_a_target_is_left_to_whoever_reads_it(line: str) -> None:
    assert read(f"{line}\n{BO}\n") == [(1, line), (2, BO)]


def test_a_column_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(FileFault, match="line 1: two columns are called 'target'"):
        read(f"target,Target\n{ANA},{BO}\n")

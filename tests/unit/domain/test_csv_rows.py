from io import BytesIO

import pytest

from worker.domain.contract.csv_files import BOM, neutralize
from worker.domain.contract.csv_rows import BadRow, Row, rows
from worker.domain.errors import FileFault


def read(data: bytes) -> list[Row | BadRow]:
    return list(rows(BytesIO(data)))


ANA = Row(2, "1", "+15125550100", {"name": "Ana"})


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"reference_id,target,name\n1,+15125550100,Ana\n", id="plain"),
        pytest.param(b"\xef\xbb\xbfreference_id,target,name\n1,+15125550100,Ana\n", id="bom"),
        pytest.param(b"reference_id,target,name\r\n1,+15125550100,Ana\r\n", id="crlf"),
        pytest.param(b'"reference_id","target","name"\n"1","+15125550100","Ana"\n', id="quoted"),
        pytest.param(b" reference_id , target,name\n 1 , +15125550100 ,Ana\n", id="spaces"),
        pytest.param(b"reference_id,target,name\n1,+15125550100,Ana", id="no-final-line-end"),
        pytest.param(b"reference_id,target,name\n1,+15125550100,Ana\n\n\n", id="blank-lines"),
    ],
)
def test_a_file_as_spreadsheets_write_it_is_read(data: bytes) -> None:
    assert read(data) == [ANA]


def test_columns_may_come_in_any_order_and_the_others_are_variables() -> None:
    found = read("name,target,reference_id,city\nAna,a@b.test,1,Málaga\n".encode())

    assert found == [Row(2, "1", "a@b.test", {"name": "Ana", "city": "Málaga"})]


def test_a_cell_may_hold_line_breaks_and_lines_are_still_counted() -> None:
    found = read(b'reference_id,target,note\n1,a@b.test,"two\nlines"\n2,c@d.test,x\n')

    assert found == [
        Row(2, "1", "a@b.test", {"note": "two\nlines"}),
        Row(4, "2", "c@d.test", {"note": "x"}),
    ]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b"\n\n", "the file is empty", id="only-blank-lines"),
        pytest.param(b"reference_id,target\n", "a header and no rows", id="header-only"),
        pytest.param(
            b"reference_id,phone\n1,2\n", "line 1: the header has no column target", id="missing"
        ),
        pytest.param(
            b"reference_id,target,a,a\n1,2,3,4\n", "line 1: two columns are called 'a'", id="twice"
        ),
        pytest.param(
            b"reference_id,,target\n1,,3\n2,2,3\n",
            "line 3: column 2 has no name and is not empty",
            id="unnamed",
        ),
        pytest.param(
            b"reference_id,target\n1,2\n2,\xe9\n", "line 3: this is not UTF-8", id="latin-1"
        ),
        pytest.param(b"reference_id,target\n1,\x00\n", "line 2: there is a NUL byte", id="nul"),
        pytest.param(b"PK\x03\x04\x14\x00", "this is a workbook, no CSV; save it as", id="xlsx"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1", "this is a workbook, no CSV; save it as", id="xls"),
        pytest.param(b'reference_id,target\n1,"a"b\n', "line 2: this is not CSV", id="stray-quote"),
        pytest.param(b'reference_id,target\n1,"a\n', "line 2: this is not CSV", id="open-quote"),
        pytest.param(b"reference_id,target\r1,2\r", "a lone carriage return", id="cr-only"),
        pytest.param(
            b"reference_id,target\n1," + b"x" * 200_000,
            "line 2: this is not CSV: a cell has more than 131,072 characters",
            id="huge-cell",
        ),
    ],
)
def test_a_file_that_can_not_be_a_batch_is_refused_whole(data: bytes, sentence: str) -> None:
    with pytest.raises(FileFault, match=sentence):
        read(data)


def test_a_file_may_have_two_hundred_columns() -> None:
    names = [f"v{n}" for n in range(198)]
    found = read(f"reference_id,target,{','.join(names)}\n1,a@b.test{',x' * 198}\n".encode())

    assert found == [Row(2, "1", "a@b.test", dict.fromkeys(names, "x"))]


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "-2+3", "+cmd|' /C calc'!A0", "'=1"])
def test_a_formula_that_comes_in_is_kept_as_it_is(cell: str) -> None:
    found = read(f"reference_id,target,note\n1,a@b.test,{cell}\n".encode())

    assert found == [Row(2, "1", "a@b.test", {"note": cell})]


def test_the_largest_cell_is_kept_whole() -> None:
    cell = "x" * 131_072
    found = read(f"reference_id,target,note\n1,a@b.test,{cell}\n".encode())

    assert found == [Row(2, "1", "a@b.test", {"note": cell})]


@pytest.mark.parametrize(
    ("reason", "column"),
    [
        ("reference_id is empty", "reference_id"),
        ("target is not a phone number", "target"),
        ("the row has 1 cells, the header has 2", None),
    ],
)
def test_a_refused_row_names_the_column_to_blame(reason: str, column: str | None) -> None:
    assert BadRow(2, reason).column == column


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(b"1", "the row has 1 cells, the header has 2", id="too-few"),
        pytest.param(b"1,2,3", "the row has 3 cells, the header has 2", id="too-many"),
        pytest.param(b",2", "reference_id is empty", id="no-reference"),
        pytest.param(b"x" * 257 + b",2", "reference_id is longer than 256 characters", id="long"),
    ],
)
def test_a_row_that_is_wrong_by_itself_does_not_stop_the_others(row: bytes, reason: str) -> None:
    found = read(b"reference_id,target\n" + row + b"\n9,a@b.test\n")

    assert found == [BadRow(2, reason), Row(3, "9", "a@b.test", {})]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("+15125550100", "+15125550100"),
        ("Ana", "Ana"),
        ("", ""),
    ],
)
def test_a_cell_never_runs_as_a_formula(cell: str, written: str) -> None:
    assert neutralize(cell) == written


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"reference_id,target,n\r\n1,+1,Z\r\n,,\r\n,,\r\n", id="empty-rows"),
        pytest.param(b"reference_id,target,n\r\n1,+1,Z\r\n , ,\t\r\n  \r\n", id="blank-rows"),
        pytest.param(
            "reference_id,target,n\r\n1,+1,Z\r\n\u00a0,\u00a0,\r\n".encode(), id="rows-of-nbsp"
        ),
        pytest.param(b"reference_id,target,n,,\r\n1,+1,Z,,\r\n", id="unnamed-columns"),
        pytest.param(b"reference_id,target,n,\r\n1,+1,Z, \r\n", id="unnamed-blank-column"),
        pytest.param(b",reference_id,,target, ,n\r\n,1, ,+1,,Z\r\n", id="unnamed-between"),
        pytest.param(b",reference_id,,target,n\r\n,1,,+1,Z\r\n,,,\r\n", id="and-short-rows"),
        pytest.param(BOM + BOM + b"reference_id,target,n\r\n1,+1,Z\r\n", id="two-marks"),
        pytest.param(b"Reference_ID,Target,n\r\n1,+1,Z\r\n", id="header-case"),
        pytest.param(b"reference_id;target;n\r\n1;+1;Z\r\n", id="semicolon"),
        pytest.param(b"reference_id\ttarget\tn\r\n1\t+1\tZ\r\n", id="tab"),
    ],
)
def test_a_file_as_excel_writes_it_is_read(data: bytes) -> None:
    assert read(data) == [Row(2, "1", "+1", {"n": "Z"})]


def test_a_told_separator_is_read_and_lines_stay_the_files() -> None:
    assert read(b"sep=;\r\nreference_id;target\r\n1;2\r\n") == [Row(3, "1", "2", {})]
    assert read(b"sep=^\nreference_id^target\n1^2\n") == [Row(3, "1", "2", {})]
    assert read(b"sep=;;;\nreference_id;target;\n1;2;\n") == [Row(3, "1", "2", {})]


def test_cells_short_at_the_end_are_empty() -> None:
    assert read(b"reference_id,target,a,b\n1,2,x\n") == [Row(2, "1", "2", {"a": "x", "b": ""})]


def test_utf16_is_named() -> None:
    with pytest.raises(FileFault, match="UTF-16"):
        read("reference_id\ttarget\r\n".encode("utf-16"))


@pytest.mark.parametrize(
    "before", ["\n", "\r\n\r\n", ";;\n", "\t\t\n", " \n\xa0;\n", "\n\nsep=;\n"]
)
def test_the_separator_is_found_behind_lines_with_nothing_in_them(before: str) -> None:
    found = read(f"{before}reference_id;target;name\n1;+15125550100;Ana\n".encode())

    assert found == [Row(before.count("\n") + 2, "1", "+15125550100", {"name": "Ana"})]


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
def test_whatever_separates_a_quoted_header_is_found(separator: str) -> None:
    cells = (['"reference_id"', "target", '"name"'], ["1", "+15125550100", "Ana"])

    assert read("\n".join(map(separator.join, cells)).encode()) == [ANA]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("header", ["reference_id,target\n1,a\n", "\nreference_id,target\n1,a\n"])
def test_utf_16_is_named_with_its_mark_and_without(encoding: str, header: str) -> None:
    with pytest.raises(FileFault, match='this is UTF-16; save the file as "CSV UTF-8"'):
        read(header.encode(encoding))

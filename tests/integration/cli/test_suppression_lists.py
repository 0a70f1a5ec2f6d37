"""A list of whom not to contact, edition after edition, by command."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import Result

from tests.prove.lists import broken_by, editions, number

Outreach = Callable[..., Result]
FIRST = 2_000_000

pytestmark = pytest.mark.usefixtures("durable")
NUMBERS = [f"+1512555{n:04}" for n in range(100)]


@pytest.fixture
def imports(outreach: Outreach, tmp_path: Path) -> Callable[..., Result]:
    """Import these lines, with these options."""

    def run(lines: list[str], *options: str) -> Result:
        file = tmp_path / "dnc.txt"
        file.write_text("\n".join(lines), encoding="utf-8")
        return outreach("suppress", "import", "sms", str(file), *options)

    return run


def test_a_new_edition_says_how_many_it_lifts_before_it_does(
    imports: Callable[..., Result],
) -> None:
    first = imports(NUMBERS, "--source", "dnc", "--replace-source")
    second = imports(NUMBERS[2:], "--source", "dnc", "--replace-source")

    assert first.stdout == "suppressed: 100, new: 100\nmissing in this file: nobody\n"
    assert second.stdout == "suppressed: 98, new: 0\nmissing in this file: 2 of 100\nlifted: 2\n"


def test_an_edition_that_lacks_nobody_says_so(imports: Callable[..., Result]) -> None:
    imports(NUMBERS, "--source", "dnc")

    longer = imports([*NUMBERS, "+15125550999"], "--source", "dnc", "--replace-source")
    expected = imports(NUMBERS, "--source", "new", "--replace-source", "--lift", "2")

    assert longer.stdout == "suppressed: 101, new: 1\nmissing in this file: nobody\n"
    assert (expected.exit_code, expected.stdout) == (1, "suppressed: 100, new: 100\n")
    assert "this edition names everybody whom the list had" in expected.stderr


def test_a_wrong_file_lifts_nobody_until_somebody_means_it(imports: Callable[..., Result]) -> None:
    imports(NUMBERS, "--source", "dnc")

    short = imports(NUMBERS[50:], "--source", "dnc", "--replace-source")
    cut = imports([*NUMBERS[2:], "+1512"], "--source", "dnc", "--replace-source")
    meant = imports(NUMBERS[50:], "--source", "dnc", "--replace-source", "--lift", "50")

    assert (short.exit_code, cut.exit_code, meant.exit_code) == (1, 1, 0)
    assert short.stdout.endswith("missing in this file: 50 of 100\n")
    assert short.stderr.endswith("import again with --lift 50\n")
    assert cut.stdout == "suppressed: 98, new: 0\n"
    assert "nothing is lifted: 1 lines name nobody" in cut.stderr
    assert meant.stdout.endswith("lifted: 50\n")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--replace-source",), "--replace-source needs --source NAME"),
        (("--source", "dnc", "--lift", "3"), "--lift needs both"),
        (("--source", "a list"), "--source: must be 1 to 63 letters"),
    ],
    ids=["of no list", "nothing to lift", "no name"],
)
def test_what_does_not_fit_is_said_before_anybody_is_stored(
    imports: Callable[..., Result], outreach: Outreach, options: tuple[str, ...], why: str
) -> None:
    told = imports(NUMBERS, *options)

    assert (told.exit_code, told.stdout) == (1, "")
    assert why in told.stderr
    assert outreach("suppress", "list", "--json").stdout == "[]\n"


def test_many_lines_that_name_nobody_are_counted(imports: Callable[..., Result]) -> None:
    told = imports(["nobody"] * 250)

    assert told.stderr.count("target") == 100
    assert told.stderr.endswith("outreach: and 150 more lines that name nobody\n")


def test_plain_output_says_how_far_it_is(imports: Callable[..., Result]) -> None:
    told = imports(["nobody"] * 49_999 + [NUMBERS[0]])

    assert "outreach: 1 read, 1 of them new\n" in told.stderr


def test_edition_after_edition_does_what_it_says(
    outreach: Outreach, imports: Callable[..., Result], engine: Engine
) -> None:
    """A thousand people; `make prove` has a million."""
    stopped = number(0, FIRST)
    outreach("suppress", "add", "sms", stopped)

    broken: list[str] = []
    for one in editions(1_000):
        lines = [number(position, FIRST) for position in one.lines]
        told = imports(lines, "--source", "dnc", *one.options)
        broken += broken_by(one, told.stdout + told.stderr, engine, stopped)

    assert broken == []

"""A line typed wrongly is told in one sentence that names the option, and the command that helps."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from tests.fixtures.house import ROOT
from worker.cli.main import app

Outreach = Callable[..., Result]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("batch list --limit x", "Invalid value for '--limit': must be a whole number; see: "),
        ("batch list --limit 0", "Invalid value for '--limit': must be 1 or more; see: "),
        ("batch watch X --interval nan", "Invalid value for '--interval': must be 0.1 or more;"),
        ("halt --channel fax", "Invalid value for '--channel': 'fax' is not one of 'voice', "),
        ("suppress add fax x", "Invalid value for 'CHANNEL': 'fax' is not one of 'voice', 'sms', "),
        ("attempts count-as-sent x", "Invalid value for 'attempt': must be a whole number; see: "),
        ("batch create", "Missing argument 'BATCH'; see: "),
        ("batch list --colour", "No such option: --colour; see: "),
        ("batch lust", "No such command 'lust'. Did you mean 'list'"),
        ("--colour", "No such option: --colour; see: "),
        ("halt --channel", "Option '--channel' requires an argument"),
    ],
)
def test_a_wrong_line_is_one_sentence(line: str, sentence: str) -> None:
    told = CliRunner().invoke(app, line.split(), env={})

    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith(f"outreach: {sentence}"), told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize("line", ["", "batch", "batch list --help"])
def test_help_is_shown_and_nothing_is_complained_of(line: str) -> None:
    told = CliRunner().invoke(app, line.split(), env={})

    assert "Usage: " in told.output
    assert "outreach: " not in told.output


def test_a_reader_that_has_read_enough_is_no_failure() -> None:
    schema = ("-m", "worker.cli.main", "messages", "schema", "outreach.create_campaign")
    with subprocess.Popen(
        [sys.executable, *schema],
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as done:
        assert done.stdout
        assert done.stderr
        done.stdout.close()
        complained = done.stderr.read()

    assert complained == b""

"""`outreach version`: what is installed, asked of the installation alone."""

import json
import platform
from email.message import Message
from importlib.metadata import Distribution, version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.cli.main import app
from worker.desk.release import UNTOLD, find_licence
from worker.store.revisions import head


class Package(Distribution):
    """A package that states what a test lets it state."""

    def __init__(self, *fields: tuple[str, str]) -> None:
        self.told = Message()
        for name, value in fields:
            self.told[name] = value

    @property
    def metadata(self) -> Message:  # type: ignore[override]  # the protocol is the standard library's own
        return self.told

    def read_text(self, filename: str) -> str | None:
        raise NotImplementedError

    def locate_file(self, path: object) -> Path:
        raise NotImplementedError


def told(*words: str) -> str:
    done = CliRunner().invoke(app, ["version", *words], env={"DATABASE_URL": "", "BROKER_URL": ""})
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_it_says_the_version_the_schema_and_the_python() -> None:
    assert told() == (
        f"outreach {version('outreach')}, schema {head()}, Python {platform.python_version()}\n"
    )
    assert json.loads(told("--json")) == {
        "version": version("outreach"),
        "schema": head(),
        "python": platform.python_version(),
    }


def test_it_lists_the_licence_of_everything_it_is_made_of() -> None:
    lines = dict(line.split(": ", 1) for line in told("--licences").splitlines())

    assert lines[f"outreach {version('outreach')}"] == "Apache-2.0"
    assert lines[f"SQLAlchemy {version('sqlalchemy')}"] == "MIT"
    assert [one["licence"] for one in json.loads(told("--licences", "--json"))] == [*lines.values()]


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT"), ("License", "old words")], "MIT"),
        ([("License", "BSD")], "BSD"),
        (
            [
                ("License", "Copyright\nall of the text"),
                ("Classifier", "License :: OSI Approved :: MIT License"),
                ("Classifier", "Topic :: Software"),
            ],
            "MIT License",
        ),
        ([("License", "UNKNOWN")], UNTOLD),
        ([], UNTOLD),
    ],
)
def test_a_licence_is_read_wherever_a_package_states_it(
    fields: list[tuple[str, str]], licence: str
) -> None:
    assert find_licence(Package(*fields)) == licence

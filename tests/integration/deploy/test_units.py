"""The systemd units are what systemd takes, shut in, and patient enough for a worker to stop."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from config.timing import PROFILES

ROOT = Path(__file__).parents[3]
UNITS = ROOT / "config" / "deploy" / "systemd"
EXPOSED_AT_MOST = 3.0
SERVICES = ("outreach@.service", "outreach-migrate.service")

systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units of a host on which everything they start is there."""
    for unit in UNITS.iterdir():
        text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text("utf-8"))
        (tmp_path / unit.name).write_text(text, "utf-8")
    return tmp_path


@systemd
def test_systemd_verifies_them_without_a_word(installed: Path) -> None:
    names = ("outreach@voice-2.service", "outreach-migrate.service", "outreach.target")

    said = analyze("verify", "--man=no", *[str(installed / name) for name in names])

    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@systemd
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_exposed_as_little_as_it_can_be(installed: Path, name: str) -> None:
    said = analyze("security", "--offline=yes", "--no-pager", str(installed / name))

    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said.stdout)
    assert level is not None, said.stderr
    assert float(level[1]) <= EXPOSED_AT_MOST


def test_a_process_has_longer_to_stop_than_a_worker_takes() -> None:
    text = (UNITS / "outreach@.service").read_text("utf-8")
    [given] = re.findall(r"(?m)^TimeoutStopSec=(\d+)$", text)

    assert int(given) >= PROFILES["production"].drain + 15


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60
    )

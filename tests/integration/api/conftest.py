"""Applications of the private door, on the test's database or on none."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import load
from tests.doors import settings
from worker.runtime import Runtime


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], Runtime]]:
    """A runtime on a database, closed behind the test."""
    built: list[Runtime] = []

    def build(database_url: str) -> Runtime:
        for name, value in settings(database_url, "redis://127.0.0.1:1/0", tmp_path).items():
            monkeypatch.setenv(name, value)
        built.append(Runtime(load()))
        return built[-1]

    yield build
    for runtime in built:
        runtime.close()

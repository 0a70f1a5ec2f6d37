"""Every test starts from a clean environment, and none leaves a process behind."""

import os
import sys

import pytest

from tests.programs import forget_settings
from tests.reaper import go_on_under_reaper, stop_when_asked

pytest.register_assert_rewrite("tests.limits")

pytest_plugins = [
    "tests.distribution",
    "tests.sampling",
    "tests.fixtures.audited",
    "tests.fixtures.postgres",
    "tests.fixtures.standby",
    "tests.fixtures.ground",
    "tests.fixtures.valkey",
    "tests.fixtures.sandbox",
    "tests.fixtures.receiver",
    "tests.fixtures.house",
    "tests.fixtures.browser",
]

# Compiled once, not by each of hundreds of processes, wherever somebody has switched that off.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

forget_settings()


def pytest_configure(config: pytest.Config) -> None:
    """Leave no process behind, whoever ends the run and however."""
    if not hasattr(config, "workerinput"):
        go_on_under_reaper()
        stop_when_asked()

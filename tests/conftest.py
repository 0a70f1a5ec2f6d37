"""Every test starts from a clean environment; its tier is the folder it stands in."""

import os
from pathlib import Path

import pytest

from config.settings import Settings

TESTS = Path(__file__).parent

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.valkey",
    "tests.fixtures.sandbox",
    "tests.fixtures.receiver",
    "tests.fixtures.house",
]

for name in list(os.environ):
    if name.lower() in Settings.model_fields or name.startswith(("TWILIO_", "SENDGRID_")):
        del os.environ[name]


# They use the house's addresses as the README states them, so only one of them runs at a time.
STATED_ADDRESSES = {"test_demo", "test_plain_errors"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its tier, and keep together what can't run beside itself."""
    for item in items:
        tier = item.path.relative_to(TESTS).parts[0]
        item.add_marker(tier)
        if tier == "acceptance":
            item.add_marker(pytest.mark.xdist_group(_company(item)))


def _company(item: pytest.Item) -> str:
    fixtures: list[str] = getattr(item, "fixturenames", [])
    stated = "inhabited" in fixtures or item.path.stem in STATED_ADDRESSES
    return "house" if stated else item.path.stem

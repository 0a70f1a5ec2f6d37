"""A house of this machine alone goes where it is told, whatever the environment says."""

import os

import pytest

from config.detours import forget_detours

GIVEN = {"PGHOSTADDR": "192.0.2.1", "PGSSLMODE": "require", "https_proxy": "x", "ALL_PROXY": "x"}


@pytest.mark.parametrize(
    ("database", "left"),
    [(True, set()), (False, {"PGHOSTADDR", "PGSSLMODE"})],
    ids=["ours", "given"],
)
def test_what_leads_elsewhere_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, database: bool, left: set[str]
) -> None:
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)

    forget_detours(database=database)

    assert set(GIVEN) & set(os.environ) == left

"""The dashboard that ships is one by Grafana's own schema, as its foundation SDK has it."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

BOARD = Path(__file__).parents[3] / "config" / "deploy" / "alerts" / "dashboard.json"
SDK = os.environ.get("GRAFANA_SDK")
"""A folder with the package grafana-foundation-sdk."""
ANY_CLASS = ConfigDict(arbitrary_types_allowed=True)

pytestmark = pytest.mark.skipif(not SDK, reason="Grafana's SDK is not here: .ci/run brings it")


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[str]]:
    """What is wrong with a dashboard, a sentence each."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(SDK)])
    from grafana_foundation_sdk.cog.encoder import (  # type: ignore[import-not-found]  # noqa: PLC0415
        JSONEncoder,
    )
    from grafana_foundation_sdk.cog.plugins import (  # type: ignore[import-not-found]  # noqa: PLC0415
        register_default_plugins,
    )
    from grafana_foundation_sdk.models.dashboard import (  # type: ignore[import-not-found]  # noqa: PLC0415
        Dashboard,
    )

    register_default_plugins()

    def find(board: Any) -> list[str]:
        read = Dashboard.from_json(board)
        kept = json.loads(JSONEncoder().encode(read))
        return [*lost(board, kept, "dashboard"), *mistyped(read, "dashboard")]

    return find


def lost(given: Any, kept: Any, where: str) -> Iterator[str]:
    """List what Grafana does not know, and so drops."""
    if isinstance(given, dict):
        for name, value in given.items():
            if name in kept:
                yield from lost(value, kept[name], f"{where}.{name}")
            else:
                yield f"{where}.{name} is not known"
    elif isinstance(given, list):
        for place, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from lost(one, other, f"{where}[{place}]")


def mistyped(read: Any, where: str) -> Iterator[str]:
    """What is of another type than its field."""
    if isinstance(read, list):
        for place, one in enumerate(read):
            yield from mistyped(one, f"{where}[{place}]")
    elif type(read).__module__.startswith("grafana_foundation_sdk") and not isinstance(read, Enum):
        for name, wanted in get_type_hints(type(read)).items():
            value = getattr(read, name)
            if not fits(value, wanted):
                yield f"{where}.{name} can't be {value!r}"
            yield from mistyped(value, f"{where}.{name}")


def fits(value: Any, wanted: Any) -> bool:
    # The SDK reads some of its enumerations and leaves others as they are written.
    for one in (wanted, *get_args(wanted)):
        if (
            isinstance(one, type)
            and issubclass(one, Enum)
            and value in [word.value for word in one]
        ):
            return True
    try:
        TypeAdapter(wanted, config=ANY_CLASS).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def board() -> Any:
    return json.loads(BOARD.read_text(encoding="utf-8"))


def test_it_is_one_by_the_schema(judge: Callable[[Any], list[str]]) -> None:
    assert judge(board()) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: one.update(titel="x"), "titel"),
        (lambda one: one.update(refresh=30), "refresh"),
        (lambda one: one["panels"][0].update(id="7"), "id_val"),
        (lambda one: one["panels"][0]["gridPos"].update(w="8"), "grid_pos.w"),
        (lambda one: one["panels"][0]["targets"][0].update(expr=5), "expr"),
        (lambda one: one["panels"][0]["targets"][0].update(query="up"), "query"),
        (lambda one: one["templating"]["list"][0].update(type="anything"), "type_val"),
    ],
)
def test_what_the_schema_does_not_allow_is_told(
    judge: Callable[[Any], list[str]], change: Callable[[Any], object], told: str
) -> None:
    changed = board()
    change(changed)

    assert any(told in sentence for sentence in judge(changed))

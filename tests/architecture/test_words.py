"""One word for one thing: names that the glossary gave up are not taken again."""

import ast
from pathlib import Path

from worker.store.schema import metadata

ROOT = Path(__file__).parents[2]
ON_THE_WIRE = ("worker/domain/contract", "worker/api")


def names_in(path: Path) -> set[str]:
    """Every variable, parameter and field of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    variables = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return variables | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def test_channel_is_called_mode_on_the_wire_only() -> None:
    files = [path for room in ("worker", "tasks", "config") for path in (ROOT / room).rglob("*.py")]
    told = {path.relative_to(ROOT).as_posix(): names_in(path) & {"mode", "modes"} for path in files}

    assert [
        name for name, found in told.items() if found and not name.startswith(ON_THE_WIRE)
    ] == []
    assert [table.name for table in metadata.sorted_tables if "mode" in table.columns] == [
        "campaign"
    ]

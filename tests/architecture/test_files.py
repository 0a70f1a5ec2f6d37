"""Files one can read in one sitting."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 300
LONGEST_TASK = 12
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for room in ("config", "tasks", "worker")
    for path in (ROOT / room).rglob("*.py")
)
EMPTY_NAMES = {"utils", "helpers", "manager", "common", "misc", "base"}


def test_no_file_is_long() -> None:
    lengths = {
        module: (ROOT / module).read_text(encoding="utf-8").count("\n") for module in MODULES
    }

    assert {module: n for module, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [module for module in MODULES if Path(module).stem in EMPTY_NAMES] == []


def test_a_task_is_a_door() -> None:
    long = [
        f"{path.name}:{function.name}"
        for path in (ROOT / "tasks").glob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and _is_task(function)
        if (function.end_lineno or 0) - function.lineno >= LONGEST_TASK
    ]

    assert long == []


def test_the_database_tells_the_time() -> None:
    telling = [
        module
        for module in MODULES
        if "datetime.now(" in (ROOT / module).read_text(encoding="utf-8")
    ]

    assert telling == []


def _is_task(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr == "task"
        for decorator in function.decorator_list
    )

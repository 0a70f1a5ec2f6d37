"""The house's measures: functions are short and named by verbs, docstrings begin with a verb or a subject."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[2]
LONGEST_FUNCTION = 40
RELATIVE = re.compile(r"(What|Who|Whom|Whose|Whether|How|When|Where|Which|Whatever|Whoever|Why)\b")
PARTICIPLE = re.compile(
    r"_*(?!need|feed|speed|seed)([a-z]*ed|found|known|given|taken|begun|written|held|kept|told|said|sent|left"
    r"|shown|spoken|drawn|built|made|broken|grown|chosen|hung|heard)(_|$)"
)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Function = ast.FunctionDef | ast.AsyncFunctionDef
TABLE = ast.List | ast.Dict


def test_functions_are_short() -> None:
    lengths = {f"{place}:{function.name}": body_lines(function) for place, function in functions()}

    assert {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION} == {}
    assert median(lengths.values()) <= 6
    assert quantiles(lengths.values(), n=10)[-1] <= 15


def test_functions_that_act_are_named_by_verbs() -> None:
    names = [(place, function.name) for place, function in functions()]
    participles = [(place, name) for place, name in names if PARTICIPLE.match(name)]

    assert len(participles) <= 0.03 * len(names), participles


def test_docstrings_begin_with_a_verb_or_a_subject() -> None:
    """Not with a relative clause, which makes the reader wait for what is spoken of."""
    docstrings = [
        (place, ast.get_docstring(node) or "") for place, node in nodes() if ast.get_docstring(node)
    ]
    relative = [(place, text[:70]) for place, text in docstrings if RELATIVE.match(text)]

    assert len(relative) <= 0.02 * len(docstrings), relative


def nodes() -> Iterator[tuple[str, Documented]]:
    for room in ("config", "tasks", "worker"):
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, Documented):
                    yield place, node


def functions() -> Iterator[tuple[str, Function]]:
    return (
        (place, node)
        for place, node in nodes()
        if isinstance(node, Function) and "migrations" not in place
    )


def body_lines(function: Function) -> int:
    """Lines behind signature and docstring, which are no steps to follow; a table is none either."""
    steps = function.body[ast.get_docstring(function) is not None :]
    if not steps or (isinstance(steps[0], ast.Return) and isinstance(steps[0].value, TABLE)):
        return len(steps)
    return (function.end_lineno or 0) - steps[0].lineno + 1

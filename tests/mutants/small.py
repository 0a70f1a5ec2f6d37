"""Small faults made by cosmic-ray: a comparison turned, a number moved, a loop that never runs."""

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names

PURE = (
    "worker/domain/**/*.py",
    *(
        f"worker/providers/{name}.py"
        for name in (
            "absence",
            "answered_by",
            "deadline_clock",
            "email",
            "events_array",
            "http_replies",
            "sendgrid_drops",
            "sendgrid_errors",
            "signatures",
            "sms",
            "status_map",
            "twilio_errors",
            "voice",
        )
    ),
    "tasks/envelope.py",
)
"""What judges and decides without a wire, a clock or a database."""

# Not faults: `|` joins types far more often than sets, `is` and `==` agree on members of an enum, and a
# decorator or a variable is no small thing.
UNFIT = re.compile(r"BinaryOperator_BitOr_|_(Eq|NotEq)_Is|_Is(Not)?_(Eq|NotEq)$|Decorator|Variable")


@dataclass(frozen=True, slots=True)
class Small:
    """One small fault: where, and the text of the file with it."""

    path: str
    operator: str
    text: str
    line: int


def draw(root: Path, only: str, n: int, seed: int) -> list[Small]:
    """As many as asked for, by chance, of all that can be made."""
    operators = {name: get_operator(name)() for name in operator_names() if not UNFIT.search(name)}
    places = [
        (path, name, number)
        for path in _files(root)
        if only in str(path)
        for name, number in _places(path, operators)
    ]
    random.Random(seed).shuffle(places)  # noqa: S311  a sample, no secret
    made = (_make(root, path, operators[name], name, number) for path, name, number in places)
    drawn = (small for small in made if small is not None)
    return [small for small, _ in zip(drawn, range(n), strict=False)]


def _files(root: Path) -> Iterator[Path]:
    for pattern in PURE:
        yield from sorted(root.glob(pattern))


def _places(path: Path, operators: dict[str, Operator]) -> Iterator[tuple[str, int]]:
    nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
    for name, operator in operators.items():
        fitting = (place for node in nodes for place in operator.mutation_positions(node))
        yield from ((name, number) for number, _ in enumerate(fitting))


def _make(root: Path, path: Path, operator: Operator, name: str, number: int) -> Small | None:
    """None where the fault changes nothing that runs."""
    text = path.read_text(encoding="utf-8")
    changed = mutate_code(text, operator, number)
    if changed is None or _is_same(text, changed):
        return None
    pairs = zip(text.splitlines(), changed.splitlines(), strict=False)
    line = next((at for at, (old, new) in enumerate(pairs, 1) if old != new), 0)
    return Small(str(path.relative_to(root)), name.removeprefix("core/"), changed, line)


def _is_same(text: str, changed: str) -> bool:
    try:
        return ast.dump(ast.parse(text)) == ast.dump(ast.parse(changed))
    except SyntaxError:
        return True

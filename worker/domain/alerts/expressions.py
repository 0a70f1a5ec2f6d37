"""Prometheus' query language, as far as the rules that ship use it.

Source: https://prometheus.io/docs/prometheus/latest/querying/operators/. A comparison keeps what it holds
for; `and` keeps what the other side has too, `or` adds what it has beside.
"""

import operator
import re
from collections.abc import Callable

from worker.domain.alerts.samples import Labels, SampleHistory, Vector

_TOKEN = re.compile(r'\s*("[^"]*"|\[\w+\]|[a-zA-Z_]\w*|\d+(?:\.\d+)?|==|!=|>=|<=|[-+*/<>=(){},])')
_UNITS = {"s": 1, "m": 60, "h": 3600}
COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
COUNT: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
ALONE: Labels = frozenset()


class UnknownExpression(ValueError):
    """A rule asks in words that are not known here."""


def seconds_of(written: str) -> float:
    """A duration like 15m, in seconds."""
    return float(written[:-1]) * _UNITS[written[-1]]


def evaluate(expression: str, history: SampleHistory) -> Vector:
    """Return what an expression amounts to now: the series that it holds for.

    Raises:
        UnknownExpression: it asks for something that is not known here.
    """
    asked = _Reader(expression, history)
    found = asked.read_or()
    if asked.tokens:
        raise UnknownExpression(f"{expression!r}: {asked.tokens[0]!r} was not expected")
    return found


class _Reader:
    """Reads one expression from left to right and counts as it goes."""

    def __init__(self, expression: str, history: SampleHistory) -> None:
        self.tokens: list[str] = _TOKEN.findall(expression)
        self.history = history

    def take(self, expected: str | None = None) -> str:
        token = self.tokens.pop(0) if self.tokens else ""
        if not token or (expected is not None and token != expected):
            raise UnknownExpression(f"{expected or 'more'} was expected, not {token!r}")
        return token

    def next_is(self, *words: str) -> bool:
        return bool(self.tokens) and self.tokens[0] in words

    def read_or(self) -> Vector:
        found = self.read_and()
        while self.next_is("or"):
            self.take()
            found = self.read_and() | found
        return found

    def read_and(self) -> Vector:
        found = self.read_comparison()
        while self.next_is("and"):
            self.take()
            beside = self.read_comparison()
            found = {labels: value for labels, value in found.items() if labels in beside}
        return found

    def read_comparison(self) -> Vector:
        left = self.read_sum()
        if not self.next_is(*COMPARE):
            return left
        holds, right = COMPARE[self.take()], self.read_sum()
        return {one: a for one, a, b in _pairs(left, right) if holds(a, b)}

    def read_sum(self) -> Vector:
        return self.read_chain(self.read_product, "+", "-")

    def read_product(self) -> Vector:
        return self.read_chain(self.read_value, "*", "/")

    def read_chain(self, part: Callable[[], Vector], *signs: str) -> Vector:
        found = part()
        while self.next_is(*signs):
            count, right = COUNT[self.take()], part()
            found = {one: count(a, b) for one, a, b in _pairs(found, right)}
        return found

    def read_value(self) -> Vector:
        token = self.take()
        match token:
            case "(":
                return self.closing(self.read_or())
            case "sum":
                return self.read_total()
            case "time" | "absent" | "increase":
                self.take("(")
                return self.closing(self.read_argument(token))
            case _ if token[0].isdigit():
                return {ALONE: float(token)}
            case _:
                return self.read_series(token)

    def read_argument(self, function: str) -> Vector:
        if function == "time":
            return {ALONE: self.history.now}
        found = self.read_series(self.take())
        if function == "absent":
            return {} if found else {ALONE: 1.0}
        return found

    def closing(self, found: Vector) -> Vector:
        self.take(")")
        return found

    def read_total(self) -> Vector:
        kept: set[str] = set()
        if self.next_is("by"):
            self.take()
            self.take("(")
            while not self.next_is(")"):
                kept.add(self.take())
                if self.next_is(","):
                    self.take()
            self.take(")")
        self.take("(")
        total: Vector = {}
        for labels, value in self.closing(self.read_or()).items():
            group = frozenset(label for label in labels if label[0] in kept)
            total[group] = total.get(group, 0.0) + value
        return total

    def read_series(self, name: str) -> Vector:
        wanted: list[tuple[str, str, str]] = []
        if self.next_is("{"):
            self.take()
            while not self.next_is("}"):
                wanted.append((self.take(), self.take(), self.take().strip('"')))
                if self.next_is(","):
                    self.take()
            self.take("}")
        if self.tokens and self.tokens[0].startswith("["):
            return self.history.increase(name, wanted, seconds_of(self.take()[1:-1]))
        return self.history.value(name, wanted)


def _pairs(left: Vector, right: Vector) -> list[tuple[Labels, float, float]]:
    """Values that belong together: of the same labels, or any with a number alone."""
    if set(right) == {ALONE}:
        return [(one, value, right[ALONE]) for one, value in left.items()]
    if set(left) == {ALONE}:
        return [(one, left[ALONE], value) for one, value in right.items()]
    return [(one, value, right[one]) for one, value in left.items() if one in right]

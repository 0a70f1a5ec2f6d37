"""Filters that compute, held to numbers: Liquid reads "1,000.50" as 0 or 1, and then somebody owes 1."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from worker.domain.errors import Mistake

COMPUTING = (
    "abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times",
)  # fmt: skip
_NUMBER = re.compile(r"\s*[+-]?[0-9]+(?:\.[0-9]+)?\s*")
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")
# (1..n): the only place besides a filter where Liquid makes a number of a text.
_RANGE = re.compile(r"\(\s*([A-Za-z_]\w*|-?[0-9]+)\s*\.\.\s*([A-Za-z_]\w*|-?[0-9]+)\s*\)")


class NoNumber(Mistake):
    """Something is computed with a text that is none; the message quotes no value."""


def of_numbers(name: str, compute: Callable[..., Any]) -> Callable[..., Any]:
    """The filter; it raises NoNumber for a text that is no number like 1000.50."""

    @wraps(compute)
    def computed(value: object, *others: object, **options: object) -> object:
        if not all(map(_may_be_computed, (value, *others))):
            raise NoNumber(f"{name!r} is given a text that is no number like 1000.50")
        return compute(value, *others, **options)

    return computed


def range_names(source: str) -> frozenset[str]:
    """The variables that ranges of a template count from or to."""
    return frozenset(
        name for found in _RANGE.findall(source) for name in found if name.isidentifier()
    )


def is_number(value: str) -> bool:
    """Return whether a text is a number like 1000.50, without separators of thousands, units or exponents."""
    return _NUMBER.fullmatch(value) is not None


def is_whole_number(value: str) -> bool:
    """Return whether a text is a number like 10: a range makes 0 of any other."""
    return _WHOLE.fullmatch(value) is not None


def _may_be_computed(value: object) -> bool:
    """Texts must be numbers; what is no text came out of a template's own words, or is missing."""
    return not isinstance(value, str) or is_number(value)

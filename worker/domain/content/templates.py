"""Templates of campaign authors: parsed once, rendered with one request's variables, kept in bounds.

Liquid executes no code. On top of it: a missing variable is an error that names it, there is no clock,
output, loops and work are limited, and only filters that can neither undo escaping nor multiply their
input are known. Variables are values: what looks like a template in one comes out as it went in. They are
texts, and every text is true, also "false" and an empty one; what computes takes a text only where it
is a number.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import prod
from typing import Any, cast

from liquid import Environment, RenderContext, StrictDefaultUndefined
from liquid.exceptions import (
    LiquidError,
    LiquidSyntaxError,
    LoopIterationLimitError,
    ResourceLimitError,
    UndefinedError,
)
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import UNDEFINED
from liquid.utils import ReadOnlyChainMap
from markupsafe import escape

from worker.domain.content.number_filters import (
    COMPUTING,
    NoNumber,
    is_whole_number,
    of_numbers,
    range_names,
)
from worker.domain.content.shared_mail import VARIABLE, is_plain
from worker.domain.errors import Mistake

LONGEST_TEMPLATE = 200_000
LONGEST_LIST = 1_000
MOST_STEPS = 100_000
"""Of one rendering; ordinary mails need some hundreds."""

FILTERS = frozenset({
    "abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round",
    "times", "append", "capitalize", "default", "downcase", "escape", "first", "last", "lstrip",
    "prepend", "remove", "remove_first", "rstrip", "size", "slice", "split", "squish", "strip",
    "strip_newlines", "truncate", "truncatewords", "upcase", "url_encode",
})  # fmt: skip
FORBIDDEN_TAGS = ("include", "render", "tablerow", "ifchanged", "increment", "decrement")


class TemplateFault(Mistake):
    """A template can't be parsed or rendered; the text quotes no variable's value."""


class _Missing(StrictDefaultUndefined):
    """A variable that was not given; only the filter `default` may touch it."""

    def __init__(
        self, name: str, *, token: Token | None, obj: object = UNDEFINED, hint: str | None = None
    ) -> None:
        super().__init__(name, token=token, obj=obj, hint=hint)
        self.msg = f"variable {name!r} is missing"


class _Bounded(RenderContext):
    """Without Liquid's own variables `now` and `today`; and every step of the rendering is counted.

    What a step costs grows with what it looks at, so that no template can keep a thread for longer than
    about a second, however its loops, filters and values are put together.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Liquid's own signature
        self._steps = 0
        super().__init__(*args, **kwargs)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)

    @property
    def disabled_tags(self) -> list[str]:
        """None; each node asks for them as it is rendered, which is how nodes are counted."""
        self._charge(1)
        return []

    @disabled_tags.setter
    def disabled_tags(self, _: object) -> None:
        pass

    def get(self, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401  Liquid's own signature
        """A variable's value."""
        value = super().get(*args, **kwargs)
        self._charge(1 + _size(value) // 500)
        return value

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """The filter of this name."""
        chosen = super().filter(name, token)

        def counted(value: object, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401  any filter's
            self._charge(1 + _size(value) // 100)
            made = chosen(value, *args, **kwargs)
            if isinstance(made, list) and len(made) > LONGEST_LIST:
                raise LoopIterationLimitError("list too long", token=token)
            return made

        return counted

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """A loop begins, which may go over the whole template so many times."""
        super().raise_for_loop_limit(length)
        assert isinstance(self.template, _Template)
        rounds = prod((loop.length for loop in self.loops), start=length)
        self._charge(rounds * self.template.characters // 100)

    def _charge(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise LoopIterationLimitError("too many steps", token=None)


def _size(value: object) -> int:
    """About how many bytes an operation may have to look at."""
    kind = type(value)  # a missing variable must not be asked for anything
    if issubclass(kind, str):
        return len(cast("str", value))
    if issubclass(kind, list):
        return 20 * len(cast("list[object]", value))
    return cast("int", value).bit_length() // 8 if issubclass(kind, int) else 0


class _Template(BoundTemplate):
    context_class = _Bounded
    characters = 0


class _Limited(Environment):
    template_class = _Template
    loop_iteration_limit = LONGEST_LIST
    local_namespace_limit = 200_000
    output_stream_limit = 500_000

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        for name in FORBIDDEN_TAGS:
            del self.tags[name]
        self.filters = {name: self.filters[name] for name in FILTERS}
        self.filters |= {name: of_numbers(name, self.filters[name]) for name in COMPUTING}


PLAIN = _Limited(undefined=_Missing)
"""For texts: what is written is what is read."""
ESCAPED = _Limited(undefined=_Missing, autoescape=True)
"""For XML and HTML: a variable can't become markup."""


def render_template(environment: Environment, source: str, variables: Mapping[str, str]) -> str:
    """The template's text with these variables.

    Raises:
        TemplateFault: a variable is missing, a limit is exceeded, or a variable does not fit its use.
    """
    try:
        template = parse_template(environment, source)
        pieces = _pieces(source)
        if pieces is None:
            _check_ranges(source, variables)
            return template.render(variables)
        return _join(pieces, variables, escaped=environment.autoescape)
    except TemplateFault:
        raise
    except NoNumber as fault:
        raise TemplateFault(str(fault)) from None
    except UndefinedError as fault:
        raise TemplateFault(str(fault.message)) from None
    except ResourceLimitError:
        raise TemplateFault("it grows too long") from None
    except Exception as fault:  # noqa: BLE001  an author's program may fail in any way; its text may quote a value
        kind = type(fault).__name__
        raise TemplateFault(
            f"it can't be rendered with this request's variables ({kind})"
        ) from None


def _check_ranges(source: str, variables: Mapping[str, str]) -> None:
    for name in _range_names(source):
        if not is_whole_number(variables.get(name, "0")):
            raise NoNumber(
                f"variable {name!r} is no whole number like 10, and a range counts with it"
            )


_range_names = lru_cache(maxsize=512)(range_names)


@lru_cache(maxsize=512)
def _pieces(source: str) -> tuple[str, ...] | None:
    """Words and variables by turns, where plain variables are the only tags; else None."""
    return tuple(VARIABLE.split(source)) if is_plain(source) else None


def _join(pieces: tuple[str, ...], variables: Mapping[str, str], *, escaped: bool) -> str:
    """Render such a template as Liquid does, in a tenth of the time."""
    text = list(pieces)
    for position in range(1, len(pieces), 2):
        value = variables.get(pieces[position])
        if value is None:
            raise TemplateFault(f"variable {pieces[position]!r} is missing")
        text[position] = str(escape(value)) if escaped else value
    joined = "".join(text)
    if len(joined.encode()) > _Limited.output_stream_limit:
        raise TemplateFault("it grows too long")
    return joined


@lru_cache(maxsize=512)
def parse_template(environment: Environment, source: str) -> BoundTemplate:
    """The template, parsed; the same text is parsed once.

    Raises:
        TemplateFault: it is no valid template.
    """
    if len(source) > LONGEST_TEMPLATE:
        raise TemplateFault(f"it is longer than {LONGEST_TEMPLATE} characters")
    try:
        template = environment.from_string(source)
    except LiquidSyntaxError as fault:
        raise TemplateFault(_locate(fault)) from None
    except (LiquidError, RecursionError):
        raise TemplateFault("it is no valid template") from None
    assert isinstance(template, _Template)
    template.characters = len(source)
    unknown = sorted(set(template.filter_names()) - FILTERS)
    if unknown:
        raise TemplateFault(f"there is no filter {unknown[0]!r}")
    return template


def _locate(fault: LiquidSyntaxError) -> str:
    context = fault.context()
    return f"line {context[0]}: {fault.message}" if context else str(fault.message)

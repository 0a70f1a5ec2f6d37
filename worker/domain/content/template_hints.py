"""Hints at what an author probably did not mean: given when a template is written and when a file comes in.

A hint is no fault: the template can be rendered, and says something else than it seems to.
"""

import re
from collections.abc import Collection, Iterator

from worker.domain.content.campaign_words import Template
from worker.domain.content.number_filters import COMPUTING
from worker.domain.content.render import ENVIRONMENTS

_TAGS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NAME = r"([^\W\d][\w.-]{0,40}(?: [\w.-]{1,40}){0,2})"
# Within brackets of its own: `{!First Name|friend}`.
_HELD = rf"\s*[!$:%=@]?\s*{_NAME}\s*(?:(?:\||,\s*\w+=)[^\]\[{{}}<>%]{{0,40}})?"
# How other programs write a variable. After a letter or a slash brackets are a part of something else, and
# a percent sign behind a figure is one.
_FOREIGN = (
    re.compile(rf"[$#@]?[{{\uff5b]{_HELD}[}}\uff5d]"),
    re.compile(rf"(?<![\w/])[\[\uff3b]{_HELD}[\]\uff3d]"),
    re.compile(rf"(?<!\d)%%?{_NAME}%%?"),
    re.compile(
        rf"<%=?\s*{_NAME}\s*%>|<<{_HELD}>>|&lt;&lt;{_HELD}&gt;&gt;|«{_HELD}»|\u2039{_HELD}\u203a"
    ),
    re.compile(rf"\*\|\s*{_NAME}\s*\|\*|(?<!\w)\|{_NAME}\|(?!\w)|\(\({_HELD}\)\)"),
    re.compile(r"(?<![\w@.])@@?([^\W\d]\w*)@@?(?!\w)|(?<![\w~])~([^\W\d]\w*)~(?![\w~])"),
    re.compile(r"(?<![\w$])\$([^\W\d]\w*)(?![\w{])"),
    re.compile(r"(?<![\w#&])##?([^\W\d]\w*)##?(?!\w)"),
    re.compile(r"(?<!\w)__([^\W\d](?:\w*[^\W_])?)__(?!\w)"),
    re.compile(r"%\(([^\W\d]\w*)\)s"),
    re.compile(r"\{\d*()\}|(?<![\w%])%[sd]()(?!\w)"),
)
# Where nothing is markup, a word in these is a variable too; where something is, an editor writes them so,
# and what a style says looks like `{name:formal}` and `name}}`.
_POINTED = (
    re.compile(rf"<\s*{_NAME}\s*>|\{{{_NAME}:[^\W\d]\w*\}}|(?<![\w{{])([^\W\d]\w*)\s*\}}\}}"),
    re.compile(rf"&lt;\s*{_NAME}\s*&gt;"),
)
_MARKUP = frozenset({"twiml", "html"})
_ESCAPED_BYTE = re.compile(r"[0-9A-Fa-f]{2}")
# <!--[if mso]> … <![endif]-->
_OF_HTML = re.compile(r"(?:if|endif)(?: .*)?")
_CONDITION = re.compile(r"\{%-?\s*(?:if|unless|elsif)\s+(.*?)-?%\}", re.DOTALL)
_CASE = re.compile(r"\{%-?\s*case\s+([A-Za-z_]\w*)\s*-?%\}(.*?)\{%-?\s*endcase", re.DOTALL)
_WHEN = re.compile(r"\{%-?\s*when\s+(.*?)-?%\}", re.DOTALL)
_LIQUID = re.compile(r"\{%-?\s*liquid\b(.*?)-?%\}", re.DOTALL)
_COUNTED = re.compile(r"\{%-?\s*for\s+([A-Za-z_]\w*)")
_ASSIGNED = re.compile(r"\{%-?\s*assign\s+([A-Za-z_]\w*)\s*=(.*?)-?%\}", re.DOTALL)
_NO_TEXT = re.compile(
    rf".*\|\s*(?:{'|'.join((*COMPUTING, 'size', 'first', 'last'))})\b[^|]*", re.DOTALL
)
"""With such a last filter it is a number, or it may be nothing at all."""
_BARE = re.compile(r"(?:not\s+)?([A-Za-z_]\w*)")
_VALUE = r"""([A-Za-z_]\w*|-?[0-9.]+|'[^']*'|"[^"]*")"""
_COMPARED = re.compile(rf"(?:not\s+)?{_VALUE}\s*([<>]=?|[=!]=|<>)\s*{_VALUE}")
_NUMBER = re.compile(r"-?[0-9.]+")
_WORDS = frozenset({"true", "false", "nil", "null", "empty", "blank", "forloop"})


def hints(template: Template) -> list[str]:
    """One sentence for each, beginning with the field."""
    found = []
    for name in ENVIRONMENTS:
        if source := getattr(template, name):
            found += [f"{name}: {hint}" for hint in dict.fromkeys(_of_field(name, source))]
    return found


def _of_field(name: str, source: str) -> Iterator[str]:
    yield from _of_placeholders(name, _TAGS.sub("", source))
    yield from _of_conditions(source)


def _of_placeholders(name: str, plain: str) -> Iterator[str]:
    told = 0
    for written in sorted(
        _find_placeholders(name, plain), key=lambda one: (one.start(), -one.end())
    ):
        if written.start() < told:  # within one that was told
            continue
        told = written.end()
        ours = re.sub(r"\W+", "_", _word(written))
        yield f"{written[0]!r} is sent as it stands; a variable is written {{{{ {ours} }}}}"


def _find_placeholders(name: str, plain: str) -> Iterator[re.Match[str]]:
    for shape in (*_FOREIGN, _POINTED[name in _MARKUP]):
        for written in shape.finditer(plain):
            word = _word(written)
            if not _OF_HTML.fullmatch(word) and not _ESCAPED_BYTE.fullmatch(word):
                yield written


def _word(written: re.Match[str]) -> str:
    return next(filter(None, written.groups()), "name")


def _of_conditions(written: str) -> Iterator[str]:
    source = _LIQUID.sub(lambda block: _tags_of(block[1]), written)
    known = _WORDS | _find_no_texts(source)
    for condition in _CONDITION.findall(source):
        for operand in re.split(r"\b(?:and|or)\b", condition):
            word = _BARE.fullmatch(operand.strip())
            if word and word[1] not in known:
                yield (
                    f"{word[1]!r} is true whatever its text, also for 'false' and an empty cell; "
                    f"compare it: {word[1]} == 'yes'"
                )
            if compared := _COMPARED.fullmatch(operand.strip()):
                yield from _of_comparison(compared[1], compared[2], compared[3], known)
    for name, within in _CASE.findall(source):
        for values in _WHEN.findall(within):
            for value in re.split(r",|\bor\b", values):
                yield from _of_comparison(name, "==", value.strip(), known)


def _tags_of(lines: str) -> str:
    """The lines of a `liquid` tag as tags."""
    return "".join(f"{{% {line.strip()} %}}" for line in lines.splitlines())


def _find_no_texts(source: str) -> set[str]:
    """Names that a template gives to something else than a text: a number, a truth, an item of a list."""
    found = set(_COUNTED.findall(source))
    for name, written in _ASSIGNED.findall(source):
        value = written.strip()
        is_other = value in _WORDS | found or _NUMBER.fullmatch(value) or _NO_TEXT.fullmatch(value)
        found = found | {name} if is_other else found - {name}
    return found


def _of_comparison(left: str, sign: str, right: str, known: Collection[str]) -> Iterator[str]:
    """Say what is wrong with comparing a variable of the file, which is a text."""
    texts = [one for one in (left, right) if _BARE.fullmatch(one) and one not in known]
    if not texts:
        return
    compute = f"compute first: {{% assign n = {texts[0]} | plus: 0 %}}"
    if _NUMBER.fullmatch(left) or _NUMBER.fullmatch(right):
        yield f"{texts[0]!r} is a text, and no text compares with a number; {compute}"
    elif {left, right} & {"true", "false"}:
        yield f"{texts[0]!r} is a text, and none is true or false; compare it: {texts[0]} == 'yes'"
    elif sign not in {"==", "!=", "<>"}:
        yield f"{texts[0]!r} is a text, and '9' comes behind '10' among texts; {compute}"

"""Hints at what an author probably did not mean: given when a template is written and when a file comes in.

A hint is no fault: the template can be rendered, and says something else than it seems to.
"""

import re
from collections.abc import Iterator

from worker.domain.content.campaign_words import Template
from worker.domain.content.render import ENVIRONMENTS

_TAGS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NAME = r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*"
# How other programs write a variable. After a letter or a slash brackets are a part of something else.
_FOREIGN = (
    re.compile(rf"\$?\{{{_NAME}\}}"),
    re.compile(rf"(?<![\w/])\[{_NAME}\]"),
    re.compile(r"%%?([A-Za-z_][A-Za-z0-9_]*)%%?"),
    re.compile(rf"<<{_NAME}>>|&lt;&lt;{_NAME}&gt;&gt;|«{_NAME}»"),
    re.compile(rf"\*\|{_NAME}\|\*"),
)
_ESCAPED_BYTE = re.compile(r"[0-9A-Fa-f]{2}")
# <!--[if mso]> … <![endif]-->
_OF_HTML = frozenset({"if", "endif"})
_CONDITION = re.compile(r"\{%-?\s*(?:if|unless|elsif)\s+(.*?)-?%\}", re.DOTALL)
_ASSIGNED = re.compile(r"\{%-?\s*(?:assign|capture|for)\s+([A-Za-z_]\w*)")
_BARE = re.compile(r"(?:not\s+)?([A-Za-z_]\w*)")
_WITH_NUMBER = re.compile(
    r"([A-Za-z_]\w*)\s*(?:[<>]=?|[=!]=)\s*-?[0-9.]+|-?[0-9.]+\s*[<>=!]=?\s*([A-Za-z_]\w*)"
)
_WORDS = frozenset({"true", "false", "nil", "null", "empty", "blank", "forloop"})


def hints(template: Template) -> list[str]:
    """One sentence for each, beginning with the field."""
    found = []
    for name in ENVIRONMENTS:
        if source := getattr(template, name):
            found += [f"{name}: {hint}" for hint in dict.fromkeys(_of_field(source))]
    return found


def _of_field(source: str) -> Iterator[str]:
    for shape in _FOREIGN:
        for written in shape.finditer(_TAGS.sub("", source)):
            word = next(filter(None, written.groups()))
            if word not in _OF_HTML and not _ESCAPED_BYTE.fullmatch(word):
                yield f"{written[0]!r} is sent as it stands; a variable is written {{{{ {word} }}}}"
    yield from _of_conditions(source)


def _of_conditions(source: str) -> Iterator[str]:
    known = _WORDS | set(_ASSIGNED.findall(source))
    for condition in _CONDITION.findall(source):
        for operand in re.split(r"\b(?:and|or)\b", condition):
            word = _BARE.fullmatch(operand.strip())
            if word and word[1] not in known:
                yield (
                    f"{word[1]!r} is true whatever its text, also for 'false' and an empty cell; "
                    f"compare it: {word[1]} == 'yes'"
                )
            number = _WITH_NUMBER.fullmatch(operand.strip())
            if number and (name := number[1] or number[2]) not in known:
                yield (
                    f"{name!r} is a text, and no text compares with a number; "
                    f"compute first: {{% assign n = {name} | plus: 0 %}}"
                )

"""A mail's words with marked places, so that one request can carry a thousand mails.

SendGrid fills the places itself, from `substitutions` of each recipient. That is possible where the
bodies' only tags are plain variables; anything more is rendered for each recipient by itself.
https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
ANY_TAG = re.compile(r"\{[{%]")
# Words of Liquid that look like variables and are not.
NO_VARIABLES = frozenset({"true", "false", "nil", "null", "empty", "blank", "forloop"})

# SendGrid allows 10,000 bytes of substitutions a recipient.
LONGEST_SUBSTITUTIONS = 10_000


@dataclass(frozen=True, slots=True)
class Substitution:
    """The place of a variable's value: the mark in the text, and how the value must be written there."""

    field: str
    mark: str
    variable: str


@dataclass(frozen=True, slots=True)
class MailShape:
    """The words that all recipients share. `text` of each field is as SendGrid gets it."""

    texts: Mapping[str, str]
    places: tuple[Substitution, ...]

    def filled(self, variables: Mapping[str, str]) -> dict[str, str] | None:
        """The substitutions of one recipient; None where they are too long to travel like this.

        Raises:
            KeyError: a variable is missing.
        """
        values = {
            place.mark: _write_mark(place.field, variables[place.variable]) for place in self.places
        }
        size = sum(len(mark) + len(value.encode()) for mark, value in values.items())
        return values if size <= LONGEST_SUBSTITUTIONS else None


def _write_mark(field: str, value: str) -> str:
    return escape(value) if field == "html" else value


def form(subject: str, html: str | None, text: str | None) -> MailShape | None:
    """The form of these bodies; None where they must be rendered one by one.

    Marks are random, so that no variable's value can contain one.
    """
    given = {"subject": subject, "html": html, "text": text}
    sources = {name: source for name, source in given.items() if source}
    if not all(is_plain(source) for source in sources.values()):
        return None
    mark = f"-{secrets.token_hex(6)}"
    texts: dict[str, str] = {}
    places: list[Substitution] = []
    for name, source in sources.items():
        marks = {word: f"{mark}-{name}-{word}-" for word in VARIABLE.findall(source)}
        for word, marked in marks.items():
            places.append(Substitution(name, marked, word))
        texts[name] = _mark(source, marks)
    return MailShape(texts, tuple(places))


def _mark(source: str, marks: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: marks[found[1]], source).strip()


def is_plain(source: str) -> bool:
    """Return whether nothing but variables is in it, and words enough that no value can leave it empty."""
    rest = VARIABLE.sub("", source)
    words = set(VARIABLE.findall(source))
    return not ANY_TAG.search(rest) and bool(rest.strip()) and not words & NO_VARIABLES

"""Spellings in which people write one phone number on purpose, and nothing else.

The library's parser is meant to guess: it passes over words, reads letters as keys and takes what
follows a number as part of it. A dialer must not, for whoever has that other number is a stranger. So a
text is one number only where it is digits, the separators people use, and marks that have no meaning.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

LONGEST = 60
"""Characters; no spelling of one number is longer."""

WORDS = "has something beside one phone number in it: write the number alone"
TWO = "may be two phone numbers: write one"
EXTENSION = "has an extension, which can't be dialed"
NOTHING = "is not a phone number"
DECIMALS = "is written like a sum, with decimals: write it with + and as text"
SHORTENED = "was shortened by a spreadsheet: write it as text"
A_DATE = "is written like a date"
TOO_LONG = "is too long for a phone number"

_UNSEEN = dict.fromkeys(
    (0xAD, 0x2060, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2061, 0x206A))
)
"""Soft hyphens, joiners, marks of direction and of byte order: they come along in a copy."""
_ALIKE = {
    0x2212: "-",
    0x30FC: "-",
    0xB7: ".",
    0x2022: ".",
    0x2044: "/",
    0x5B: "(",
    0x5D: ")",
    0x09: " ",
}
"""Minus, the Japanese long dash, middle dot, bullet, fraction slash, brackets and tab."""
_WIDE, _WIDE_TO_ASCII = range(0xFF01, 0xFF5F), 0xFEE0
"""The wide forms of ASCII that keyboards of East Asia write."""
_TOKEN = re.compile(
    r"[0-9]+|\( ?\+? ?[0-9][0-9 .-]{0,7}\)|\+ ?| {0,3}[-./] {0,3}| {1,4}|.", re.DOTALL
)
_PLAIN, _DIGITS, _GAP = (
    re.compile(r"\+[0-9]+(?:[ -][0-9]+)*"),
    re.compile("[0-9]+"),
    re.compile("[ -]"),
)
"""What most lists are full of needs no closer look."""
_EXTENSION = re.compile(r"[0-9]\s*(?:;ext=|ext|x|#|доб)", re.IGNORECASE)
_DAY, _MONTH, _YEAR = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])", "(?:19|20)[0-9]{2}"
_DATE = re.compile(
    f"{_DAY}([./-]){_MONTH}\\1{_YEAR}|{_MONTH}([./-]){_DAY}\\2{_YEAR}|{_YEAR}([./-]){_MONTH}\\3{_DAY}"
)
_SUM = re.compile(r"\+?[0-9]{7,}[.,][0-9]{1,2}|\+?[0-9]+\.0{1,2}")
_SHORTENED = re.compile(r"\+?[0-9]+[.,][0-9]+[Ee]\+?[0-9]+")
_OF_SPREADSHEETS = ((_DATE, A_DATE), (_SUM, DECIMALS), (_SHORTENED, SHORTENED))

# A number of North America whose last seven characters end in letters: 1-800-FLOWERS, 800 GO-FEDEX. After
# digits letters come behind a hyphen or dot, never a space, or a name behind a number would be dialed.
_VANITY = re.compile(
    r"(?:\+?1[ .-]?)?\(?([2-9][0-9]{2})\)?[ .-]?((?:[0-9]{1,4}[.-])?(?:[A-Za-z][.-]?){2,6}[A-Za-z])"
)
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
LOCAL_LENGTH = 7


@dataclass(frozen=True, slots=True)
class Spelled:
    """One number as it was written: its groups of digits, and whether a + stands before them.

    `gaps`: the mark between each group and the next, a blank, `-`, `.`, `/` or `(`; those that are not
    known are blanks.
    """

    groups: tuple[str, ...]
    has_plus: bool
    gaps: tuple[str, ...] = ()

    @property
    def digits(self) -> str:
        """All of them."""
        return "".join(self.groups)

    @property
    def is_bare(self) -> bool:
        """Return whether no separator tells where a prefix ends."""
        return len(self.groups) == 1

    def until(self, at: int) -> "Spelled":
        """Return what is written before a group."""
        return Spelled(self.groups[:at], self.has_plus, self.gaps[: at - 1])

    def since(self, at: int) -> "Spelled":
        """Return what is written from a group on."""
        return Spelled(self.groups[at:], has_plus=False, gaps=self.gaps[at:])


def read_spelling(text: str) -> Spelled | str:
    """The digits of a text that is one number; else why it is none, without quoting it."""
    if len(text) > LONGEST:
        return TOO_LONG
    if _PLAIN.fullmatch(text):
        return Spelled(tuple(_DIGITS.findall(text)), has_plus=True, gaps=tuple(_GAP.findall(text)))
    plain = _plain(text)
    return _no_number(plain) or _in_order(_TOKEN.findall(plain))


def _no_number(plain: str) -> str | None:
    """Return why a text is none at first sight."""
    if not any(map(str.isdigit, plain)):
        return NOTHING
    for shape, reason in _OF_SPREADSHEETS:
        if shape.fullmatch(plain):
            return reason
    if all(map(_is_known, _TOKEN.findall(plain))):
        return None
    return EXTENSION if _EXTENSION.search(plain) else WORDS


def read_vanity(text: str) -> str | None:
    """The ten digits of a whole number of North America that is spelled with letters."""
    found = _VANITY.fullmatch(_plain(text))
    if found is None:
        return None
    local = re.sub("[.-]", "", found[2]).upper().translate(_KEYS)
    return found[1] + local if len(local) == LOCAL_LENGTH else None


def _plain(text: str) -> str:
    """The same in the characters of one keyboard; digits of every script are digits."""
    alike = text.translate(_ALIKE) if text.isascii() else _in_ascii(text)
    plain = alike.strip()
    return plain[4:].lstrip() if plain[:4].lower() == "tel:" else plain


def _in_ascii(text: str) -> str:
    return "".join(map(_as_ascii, text.translate(_UNSEEN).translate(_ALIKE)))


def _as_ascii(character: str) -> str:
    if character.isascii():
        return character
    if ord(character) in _WIDE:
        return _as_ascii(chr(ord(character) - _WIDE_TO_ASCII).translate(_ALIKE))
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return {"Zs": " ", "Pd": "-"}.get(unicodedata.category(character), character)


def _is_known(token: str) -> bool:
    return token[0].isdigit() or (token[0] in "(+-./ " and token not in {"(", ")"})


def _in_order(tokens: list[str]) -> Spelled | str:
    """The number, where each token stands in a place that it may have."""
    has_plus = tokens[0].startswith("+") or "+" in tokens[0]
    if any("+" in token for token in tokens[1:]) and not _plus_in_parentheses(tokens):
        return TWO
    has_plus = has_plus or _plus_in_parentheses(tokens)
    tokens = tokens[1:] if tokens[0].startswith("+") else tokens
    if not tokens or _is_separator(tokens[0]) or not tokens[-1].isdigit():
        return WORDS
    if any(_is_separator(one) and _is_separator(other) for one, other in pairwise(tokens)):
        return WORDS
    if _has_late_parentheses(tokens, has_plus=has_plus):
        return WORDS
    if _has_tail_after_slash(tokens, has_plus=has_plus):
        return TWO
    return Spelled(tuple(filter(None, map(_digits_of, tokens))), has_plus, _gaps(tokens))


def _gaps(tokens: list[str]) -> tuple[str, ...]:
    """The mark before each group but the first."""
    found = (
        (before if _is_separator(before) else token).strip()[:1] or " "
        for before, token in pairwise(tokens)
        if _digits_of(token)
    )
    return tuple(found)


def _plus_in_parentheses(tokens: list[str]) -> bool:
    """(+49) 30 …, with nothing before it."""
    return "+" in tokens[0] and tokens[0].startswith("(") and not any("+" in t for t in tokens[1:])


def _has_late_parentheses(tokens: list[str], *, has_plus: bool) -> bool:
    """Return whether parentheses stand elsewhere than after a calling code or a national prefix."""
    for at, token in enumerate(tokens):
        before = "".join(map(_digits_of, tokens[:at]))
        most = 6 if before.startswith(("00", "011")) and not has_plus else 3
        if token.startswith("(") and len(before) > most:
            return True
    return False


def _has_tail_after_slash(tokens: list[str], *, has_plus: bool) -> bool:
    """Return whether a slash is used for a second number's last digits rather than after an area code."""
    whole = "".join(map(_digits_of, tokens))
    longest = 8 if has_plus else 10 if whole.startswith("00") else 6
    for at, token in enumerate(tokens):
        if "/" in token:
            before = sum(len(_digits_of(one)) for one in tokens[:at])
            after = sum(len(_digits_of(one)) for one in tokens[at:])
            if before > longest or after < 4:
                return True
    return False


def _is_separator(token: str) -> bool:
    return token[0] in "-./ "


def _digits_of(token: str) -> str:
    return "".join(filter(str.isdigit, token))

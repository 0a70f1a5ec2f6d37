"""Words that people answer to a text when they want no more of them.

When in doubt it is a stop: START repairs a wrong guess, and nothing repairs the other. A test states the
rates over a corpus of phrases; the words themselves are data (`stop_phrases.py`).
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from worker.domain.consent import stop_phrases as said_by_people


class Wish(StrEnum):
    """The wish that an incoming text expresses."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"
    NOTHING = "NOTHING"


_APOSTROPHES = "\u0027\u2019\u2018\u0060\u00b4"
_WORD = re.compile(r"[^\W_]+")
_SPELLED = re.compile(r"\b(?:[^\W\d_] ){2,}[^\W\d_]\b")
"""Three letters or more, each by itself: S.T.O.P."""
_DRAWN_OUT = re.compile(r"\bs+t+o+p+\b|^s+ ?t+ ?o+ ?p+\b")
"""Or torn apart, as the first word."""
_DISGUISED = re.compile(r"(?<!\w)[s5$\u0455]+[t7+\u0442]+[o0*@\u043e\u03bf]+[p\u0440\u03c1]+(?!\w)")
"""With figures, marks and Cyrillic or Greek letters that look like its own."""
_FIGURES = str.maketrans("013457", "oieast")
"""What figures stand for in a word that is spelled with them."""
_STROKES = str.maketrans("\u0131\u0142\u00f8", "ilo")
"""Letters that telephones write with and without a stroke or a dot, and that have no other plain form."""


def _plain(body: str) -> str:
    """Lower case without accents, apostrophes, marks and invisible signs; words apart by one space."""
    for sign, word in said_by_people.SIGNS.items():
        body = body.replace(sign, word)
    # Twice: some letters, as the bold ones of mathematics, have a lower case only once they are plain.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", body).casefold())
    bare = "".join(one for one in apart if one not in _APOSTROPHES and not _invisible(one))
    words = " ".join(_WORD.findall(_DISGUISED.sub("stop", bare.translate(_STROKES))))
    spelled = _SPELLED.sub(lambda letters: letters[0].replace(" ", ""), words)
    return _DRAWN_OUT.sub("stop", spelled)


def _invisible(character: str) -> bool:
    """Arabic's stretch between two letters among them."""
    marks = unicodedata.combining(character) or character == "\u0640"
    return bool(marks) or unicodedata.category(character) == "Cf"


def _words(listed: Iterable[str]) -> frozenset[str]:
    return frozenset(_plain(one) for one in listed)


def _beginnings(listed: Iterable[str]) -> tuple[str, ...]:
    """As `startswith` compares them with a text that ends in a space; * stands for the end of a word."""
    return tuple(_plain(one) + ("" if one.endswith("*") else " ") for one in listed)


def _join(listed: Iterable[str]) -> frozenset[str]:
    return frozenset(_plain(one).replace(" ", "") for one in listed)


def _alternatives(listed: Iterable[str]) -> str:
    return "|".join(re.escape(one) for one in sorted(_words(listed), key=len, reverse=True))


_STRONG = _words(said_by_people.STRONG)
_KEYWORDS = _join((*said_by_people.KEYWORDS, *said_by_people.STRONG))
_START, _HELP = _words(said_by_people.START_WORDS), _words(said_by_people.HELP_WORDS)
_BEGINNINGS = _beginnings(said_by_people.BEGINNINGS)
_ANYWHERE = tuple(f" {one}" for one in _beginnings(said_by_people.ANYWHERE))
_OTHERS = _beginnings(said_by_people.OTHERS)
_OTHERS_ANYWHERE = tuple(f" {one}" for one in _OTHERS)
_UNSPACED = _join(said_by_people.UNSPACED)
_UNSPACED_OTHERS = _join(said_by_people.UNSPACED_OTHERS)
_PLACES = _words(said_by_people.PLACES)

_COURTESY = _alternatives(said_by_people.COURTESY)
_BEFORE = re.compile(rf"(?:(?:{_COURTESY}) )+")
_OPENING = re.compile(rf"(?:{_COURTESY}|{_alternatives(said_by_people.OPENINGS)}) ")
_AFTER = re.compile(rf"(?: (?:{_COURTESY}))+$")
_SENTENCES = re.compile(
    r"[.!?,;:\u2026\u2013\u2014\n\u3001\u3002\uff0c\uff01\uff1f\u060c\u061b\u061f]+|\s-+\s"
)
_SHOUTED = re.compile(r"\b(?:STOP|STOPP|UNSUBSCRIBE)\b")
# A telephone that shows a thumb tells it to others in words, with all that was answered to.
_REACTION = re.compile(
    r"\s*[^\W\d]+(?: [^\W\d]+){0,3} [\u201c\u00ab\u201e\"].{12,}[\u201d\u00bb\u201c\"]\s*",
    re.DOTALL,
)
MOST = 1_600
"""Characters that are read: no text has more. https://www.twilio.com/docs/glossary/what-sms-character-limit"""
SENTENCE, OPENINGS = 120, 12
"""Characters of one that may end in courtesies, and how many things are said before one comes to it."""
_SHORT = 8
"""Words: in a longer text "stop" as the last one is hardly meant for us."""


def read_wish(body: str, opt_out_type: str = "") -> Wish:
    """Read what a text asks for.

    Args:
        body: its words, in any case and with any marks.
        opt_out_type: `OptOutType` where Twilio's Advanced Opt-Out has judged already, else empty.
    """
    judged = opt_out_type.strip().upper()
    if judged in {Wish.STOP, Wish.START, Wish.HELP}:
        return Wish(judged)
    body = body[:MOST]
    if _REACTION.fullmatch(body):
        return Wish.NOTHING
    said = _plain(body)
    if said in _START:
        return Wish.START
    if _without_courtesy(said) in _HELP:
        return Wish.HELP
    return Wish.STOP if _says_stop(body, said) else Wish.NOTHING


def _says_stop(body: str, said: str) -> bool:
    if _is_keyword(_without_courtesy(said)) or _is_shouted(body) or _says_stop_unspaced(said):
        return True
    if any(one in f" {said} " for one in _ANYWHERE):
        return not any(one in f" {said} " for one in _OTHERS_ANYWHERE)
    sentences = [said, *(_plain(one) for one in _SENTENCES.split(body))]
    return _ends_with_stop(said) or any(_is_stop(one) for one in sentences if one)


def _is_keyword(said: str) -> bool:
    """Also when it is torn apart ("un subscribe") or spelled with figures ("canc3l")."""
    joined = said.replace(" ", "")
    return joined in _KEYWORDS or joined.translate(_FIGURES) in _KEYWORDS


def _says_stop_unspaced(said: str) -> bool:
    joined = said.replace(" ", "")
    return any(one in joined for one in _UNSPACED) and not any(
        one in joined for one in _UNSPACED_OTHERS
    )


def _without_courtesy(said: str) -> str:
    before = _BEFORE.match(said)
    return _without_end(said[before.end() :] if before else said) or said


def _without_end(said: str) -> str:
    return _AFTER.sub("", said) if len(said) < SENTENCE else said


def _is_stop(sentence: str) -> bool:
    """Return whether it is or begins with a wish, after any openings: a wish may begin with one."""
    left = sentence
    for _ in range(OPENINGS):
        if f"{left} ".startswith(_OTHERS):
            return False
        if f"{left} ".startswith(_BEGINNINGS) or _without_end(left) in _STRONG:
            return True
        opening = _OPENING.match(left)
        if opening is None:
            return False
        left = left[opening.end() :]
    return False


def _is_shouted(body: str) -> bool:
    """STOP in capitals among words that are not."""
    return bool(_SHOUTED.search(body)) and not body.isupper()


def _ends_with_stop(said: str) -> bool:
    *before, last = said.split() or [""]
    return last == "stop" and len(before) < _SHORT and not _PLACES.intersection(before[-1:])

"""The work that every design is given: the same people, the same words."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

_people = count(2_000_000)

SOURCE = {"voice": "+15125550100", "sms": "+15125550100", "email": "clinic@example.com"}
WORDS = "Hello {name}, this is a reminder of your appointment on {when}."
TWIML = f"<Response><Say>{WORDS}</Say></Response>"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be contacted."""

    reference_id: str
    target: str
    variables: dict[str, str]


def people(channel: str, n: int) -> Iterator[Person]:
    """So many, none of whom was ever named before."""
    for number in (next(_people) for _ in range(n)):
        target = f"person{number}@example.com" if channel == "email" else f"+1512{number}"
        yield Person(str(number), target, {"name": "Ana", "when": "Monday at ten"})


def content(channel: str) -> str:
    """What is said, with places in braces."""
    return TWIML if channel == "voice" else WORDS


def as_template(words: str) -> str:
    """The same with places as our campaigns write them."""
    return words.replace("{", "{{ ").replace("}", " }}")

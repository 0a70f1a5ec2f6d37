"""Previews: the campaign's words with one request's variables, before they are sent.

It is personal data: for the operator's terminal, and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from worker.domain.content.render import ContentError, preview_words
from worker.domain.content.template_hints import hints
from worker.domain.content.text_costs import cost_of_words
from worker.domain.errors import UnknownBatch, UnknownRequest
from worker.domain.wire import Wire, to_wire
from worker.store import batch_words, batches
from worker.store.batch_words import Addressee, Words
from worker.store.connect import Connection, Engine, in_transaction


@dataclass(frozen=True, slots=True)
class Preview:
    """The words for one request by field; or why there are none."""

    reference_id: str
    target: str = field(repr=False)
    fields: dict[str, str] = field(repr=False)
    fault: str | None = None
    segments: int | None = None
    """Of a text: how many it is charged as."""
    cost: str | None = None
    """The same as a sentence, with the characters that make it more than need be."""

    def to_wire(self) -> dict[str, Wire]:
        """Preview under its names on the wire."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}


def preview(engine: Engine, batch_id: str, reference_id: str) -> Preview:
    """Return what the person behind one request will be told, whatever has become of the request.

    Raises:
        UnknownBatch, UnknownRequest: there is none.
    """
    found = previews(engine, batch_id, [reference_id])
    if not found:
        raise UnknownRequest(batch_id, reference_id)
    return found[0]


def previews(engine: Engine, batch_id: str, references: Sequence[str]) -> list[Preview]:
    """The same for several requests; unknown ones are left out.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> list[Preview]:
        batch = _batch(connection, batch_id)
        said = batch_words.words_of(connection, batch)
        return [_of(said, one) for one in batch_words.addressees(connection, batch, references)]

    return in_transaction(engine, step)


def batch_hints(engine: Engine, batch_id: str) -> list[str]:
    """Return what the author of a batch's words probably did not mean.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> list[str]:
        return hints(batch_words.words_of(connection, _batch(connection, batch_id)).template)

    return in_transaction(engine, step)


def _batch(connection: Connection, batch_id: str) -> int:
    facts = batches.find(connection, batch_id)
    if facts is None:
        raise UnknownBatch(batch_id)
    return facts.id


def _of(said: Words, one: Addressee) -> Preview:
    try:
        fields = preview_words(said.template, one.variables)
    except ContentError as fault:
        return Preview(one.reference_id, one.target, {}, str(fault))
    cost = cost_of_words(said.template, fields)
    return Preview(
        one.reference_id,
        one.target,
        fields,
        segments=cost.segments if cost else None,
        cost=cost.describe() if cost else None,
    )

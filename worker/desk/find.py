"""Find what somebody types: a batch by its name, requests by their reference, a person by number."""

from dataclasses import dataclass

from worker.desk.people import NotAPerson, identities_of
from worker.domain.wire import Wire, to_wire
from worker.store import batches, people
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.people import AskedFor, KnownRecipient

MOST_FOUND = 50


@dataclass(frozen=True, slots=True)
class Sought:
    """All that is called so. `requests`: with this reference, or to this person; the latest first."""

    batch_id: str | None
    named: tuple[AskedFor, ...]
    people: tuple[KnownRecipient, ...]
    requests: tuple[AskedFor, ...]

    def to_wire(self) -> dict[str, Wire]:
        """The finds; people by channel and whether they are suppressed, not by what was typed."""
        told = ("channel", "suppressed_at", "suppress_reason")
        known: list[Wire] = [
            {name: to_wire(getattr(one, name)) for name in told} for one in self.people
        ]
        return {
            "batch_id": self.batch_id,
            "requests": [one.to_wire() for one in (*self.named, *self.requests)],
            "people": known,
        }


def find(engine: Engine, typed: str) -> Sought:
    """Find all that is called so, over all campaigns.

    Raises:
        NotAPerson: no batch and no reference, and nobody can be called so.
    """

    def step(connection: Connection) -> Sought:
        batch = batches.find(connection, typed)
        named = people.requests_named(connection, typed, MOST_FOUND)
        identities = identities_of(typed, people.regions(connection))
        if batch is None and not named and not identities:
            raise NotAPerson
        known = people.find_recipients(connection, identities) if identities else []
        asked = people.requests_to(connection, [one.id for one in known], MOST_FOUND)
        batch_id = None if batch is None else batch.batch_id
        return Sought(batch_id, tuple(named), tuple(known), tuple(asked))

    return in_transaction(engine, step)

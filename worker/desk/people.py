"""One person over all campaigns: found as somebody types them, suppressed, and everything done to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from worker.domain.audit import Deed
from worker.domain.consent.suppression import Act, Source
from worker.domain.errors import Mistake
from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.targets import normalize
from worker.domain.statuses import Channel, SuppressReason
from worker.store import audit, people, suppression_acts, suppressions
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.people import AskedFor, KnownRecipient
from worker.store.suppression_acts import Suppression

__all__ = ["AskedFor", "KnownRecipient", "Person", "find_person", "show_person", "suppress_person"]

SHOWN = 100
"""Of the latest requests to somebody."""


class NoSuchPerson(Mistake):
    """Nobody has this number."""

    def __init__(self, recipient: int) -> None:
        super().__init__(f"there is no person {recipient}")


class NotAPerson(Mistake):
    """Text that is no number in any country that campaigns call, and no mailbox."""

    def __init__(self) -> None:
        super().__init__(
            "that is no phone number and no mailbox; write a number with its country code"
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody. `recipients`: them on each channel; `acts`: every suppression, lifted ones too."""

    recipients: tuple[KnownRecipient, ...]
    requests: tuple[AskedFor, ...]
    acts: tuple[Suppression, ...]


def find_person(engine: Engine, typed: str) -> list[KnownRecipient]:
    """Find who is named by what somebody types: with spaces, or as it is written in a campaign's country.

    Raises:
        NotAPerson: it names nobody anywhere.
    """

    def step(connection: Connection) -> list[KnownRecipient]:
        identities = identities_of(typed, people.regions(connection))
        if not identities:
            raise NotAPerson
        return people.find_recipients(connection, identities)

    return in_transaction(engine, step)


def identities_of(typed: str, regions: Sequence[str]) -> list[str]:
    """Everybody it may name: in each region, on each channel."""
    found: dict[str, None] = {}
    for region in (None, *regions):
        for channel in Channel:
            address = normalize(channel, typed, region)
            if isinstance(address, str):
                found[identity_of(channel, address)] = None
    return list(found)


def show_person(engine: Engine, recipient: int) -> Person:
    """Everything that was done to somebody, over all campaigns and channels.

    Raises:
        NoSuchPerson: there is none.
    """

    def step(connection: Connection) -> Person:
        known = _known(connection, recipient)
        recipients = people.find_recipients(connection, [known.identity])
        acts = {
            act.id: act
            for one in recipients
            for act in suppression_acts.of_person(connection, one.channel, one.identity)
        }
        requests = people.requests_to(connection, [one.id for one in recipients], SHOWN)
        return Person(tuple(recipients), tuple(requests), tuple(acts.values()))

    return in_transaction(engine, step)


def suppress_person(engine: Engine, recipient: int, reason: SuppressReason, *, by: str) -> None:
    """Let no attempt to somebody begin any more, on the channel that this recipient is of.

    Raises:
        NoSuchPerson: there is none.
    """
    act = Act(Source.OPERATOR, str(uuid4()), by)

    def step(connection: Connection) -> None:
        known = _known(connection, recipient)
        suppressions.suppress(connection, known.channel, known.identity, reason, act)
        audit.note(connection, Deed.SUPPRESS, f"channel {known.channel}", by, why=reason)

    in_transaction(engine, step)


def _known(connection: Connection, recipient: int) -> KnownRecipient:
    known = people.find_recipient(connection, recipient)
    if known is None:
        raise NoSuchPerson(recipient)
    return known

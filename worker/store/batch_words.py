"""A batch's words: its campaign's words, and the variables of the requests that ask for it by name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from worker.domain.content.campaign_words import Template
from worker.domain.statuses import Channel

_WORDS = text("""
    SELECT c.mode, c.twiml, c.url, c.body, c.subject, c.html, c.text, c.template_id, c.campaign_variables
    FROM communication_batch AS b JOIN campaign AS c ON c.id = b.campaign_id WHERE b.id = :batch
""")
_VARIABLES = text("""
    SELECT r.reference_id, r.target, c.campaign_variables || r.request_variables AS variables
    FROM communication_request AS r
    JOIN communication_batch AS b ON b.id = r.batch JOIN campaign AS c ON c.id = b.campaign_id
    WHERE r.batch = :batch AND r.reference_id = ANY (CAST(:references AS text[]))
""")


_WAITING = text("""
    SELECT c.campaign_variables || r.request_variables AS variables
    FROM (
        SELECT request FROM queue WHERE batch = :batch ORDER BY due_at, request LIMIT :most
    ) AS q
    JOIN communication_request AS r ON r.id = q.request
    JOIN communication_batch AS b ON b.id = r.batch JOIN campaign AS c ON c.id = b.campaign_id
""")


@dataclass(frozen=True, slots=True)
class Words:
    """A campaign's words, and the variables that all of its requests have."""

    template: Template
    variables: dict[str, str]


@dataclass(frozen=True, slots=True)
class Addressee:
    """One request, with the variables that its words are filled with."""

    reference_id: str
    target: str
    variables: dict[str, str]


def words_of(connection: Connection, batch: int) -> Words:
    """Return what is said to everybody of a batch."""
    row = dict(connection.execute(_WORDS, {"batch": batch}).mappings().one())
    variables, channel = row.pop("campaign_variables"), Channel(row.pop("mode"))
    return Words(Template(channel=channel, **row), variables)


def addressees(connection: Connection, batch: int, references: Sequence[str]) -> list[Addressee]:
    """The requests of these references, in the order in which they were asked for."""
    rows = connection.execute(_VARIABLES, {"batch": batch, "references": list(references)})
    found = {row.reference_id: Addressee(*row) for row in rows}
    return [found[one] for one in references if one in found]


def waiting(connection: Connection, batch: int, *, most: int) -> Iterator[dict[str, str]]:
    """The variables of those requests that are due first."""
    rows = connection.execute(_WAITING, {"batch": batch, "most": most})
    return (row.variables for row in rows)

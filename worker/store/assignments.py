"""What is to be said to whom: read before begin, rendered outside of any transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from worker.domain.content import Template
from worker.domain.statuses import Mode
from worker.domain.tickets import Content, Ticket
from worker.domain.voicemail import OnMachine
from worker.store.attempts import Begun
from worker.store.claims import Chunk


@dataclass(frozen=True, slots=True)
class Draft:
    """One request to be rendered: its address and its variables, the request's over the campaign's."""

    request: int
    address: str
    variables: Mapping[str, str]
    group_limit: int | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a chunk is to say, from where, to whom."""

    campaign: int
    source: str
    template: Template
    drafts: tuple[Draft, ...]

    def tickets(self, begun: Sequence[Begun], contents: Mapping[int, Content]) -> list[Ticket]:
        """The tickets of what has begun, with what each says to whom."""
        drafts = {draft.request: draft for draft in self.drafts}
        return [
            Ticket(
                attempt=one.attempt,
                request=one.request,
                token=one.token,
                address=drafts[one.request].address,
                source=self.source,
                content=contents[one.request],
                group_limit=drafts[one.request].group_limit,
            )
            for one in begun
        ]


_TEMPLATE = text("""
    SELECT c.id, c.mode, c.source, c.caller_id, c.twiml, c.url, c.body, c.subject, c.html, c.text,
           c.template_id, c.voicemail_detection ->> 'on_machine' AS on_machine
    FROM communication_batch AS b JOIN campaign AS c ON c.id = b.campaign_id WHERE b.id = :batch
""")
_DRAFTS = text("""
    SELECT r.id, r.address, c.campaign_variables || r.request_variables AS variables, q.group_limit
    FROM queue AS q
    JOIN communication_request AS r ON r.id = q.request
    JOIN communication_batch AS b ON b.id = r.batch
    JOIN campaign AS c ON c.id = b.campaign_id
    WHERE q.request = ANY (:requests) AND q.lease_token = :lease ORDER BY r.id
""")


def read_assignment(connection: Connection, chunk: Chunk) -> Assignment:
    """Everything needed to render the requests of the chunk that are still claimed under its lease."""
    row = connection.execute(_TEMPLATE, {"batch": chunk.batch}).mappings().one()
    rows = connection.execute(_DRAFTS, {"requests": list(chunk.requests), "lease": chunk.lease})
    content = {
        name: row[name] for name in ("caller_id", "twiml", "url", "body", "subject", "html", "text")
    }
    return Assignment(
        campaign=row["id"],
        source=row["source"],
        template=Template(
            mode=Mode(row["mode"]),
            template_id=row["template_id"],
            on_machine=OnMachine(row["on_machine"]) if row["on_machine"] else None,
            **content,
        ),
        drafts=tuple(Draft(*draft) for draft in rows),
    )

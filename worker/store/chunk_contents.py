"""The contents of a chunk, and its recipients: read before begin, rendered outside of any transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from sqlalchemy import Connection, RowMapping, text

from worker.domain.accounts import MAIN
from worker.domain.content.campaign_words import Template
from worker.domain.content.tickets import Content, Ticket
from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.marks import make_mark
from worker.domain.recipients.source_choice import SourcePool, pool_of
from worker.domain.schedule.account_choice import EarlierAttempt, ListedAccount
from worker.domain.schedule.hours import open_hours
from worker.domain.schedule.validity import arrives_until
from worker.domain.schedule.windows import recipient_zones
from worker.domain.statuses import AttemptState, Channel
from worker.store.attempts import Begun
from worker.store.due_batches import HOURS
from worker.store.listed_accounts import is_halted
from worker.store.queue import Chunk


@dataclass(frozen=True, slots=True)
class Addressed:
    """One request to be rendered: its address and its variables, the request's over the campaign's."""

    request: int
    address: str
    variables: Mapping[str, str]
    group_limit: int | None
    recipient: int
    tried: tuple[EarlierAttempt, ...] = ()
    """Its earlier attempts, in their order."""
    arrives_within: float | None = None
    """Seconds from reading it in which it may arrive; None: no end in sight. Only texts are asked."""


@dataclass(frozen=True, slots=True)
class ChunkContents:
    """The contents of a chunk: what to say, from where, to whom."""

    campaign: int
    source: str
    template: Template
    drafts: tuple[Addressed, ...]
    version: int | None = None
    batch_id: str = ""
    claimed_ago: float | None = None
    """Seconds since a scheduler claimed it; None: its message does not say when."""
    traceparent: str | None = None
    """The trace its batch came from."""
    account: str = MAIN
    """Of the providers, by which it is sent."""
    ways: tuple[ListedAccount, ...] = ()
    """Every account by which it may be sent, in the campaign's order."""
    pool: SourcePool | None = None
    """What it may be sent from; None: from `source` alone."""
    sources: Mapping[int, str] = field(default_factory=dict)
    """By request: which of the pool's its recipient is contacted from."""
    waiting: int = 0
    """How many wait for a source of the pool, and are no more among these."""
    is_exhausted: bool = False
    """Whether some of them wait because no source takes anybody new."""

    def by(self, way: ListedAccount, requests: Collection[int]) -> Self:
        """The part of it that goes by this account; what has a source of its own knows no pool."""
        drafts = tuple(one for one in self.drafts if one.request in requests)
        if way.source is None:
            return replace(self, account=way.account, drafts=drafts)
        return replace(
            self, account=way.account, drafts=drafts, source=way.source, pool=None, sources={}
        )

    def source_of(self, request: int) -> str:
        """What a request is sent from."""
        return self.sources.get(request, self.source)

    def sources_of(self, requests: Sequence[int]) -> list[str]:
        """What each is sent from, or once what all of them are."""
        if self.pool is None:
            return [self.source]
        return [self.source_of(request) for request in requests]

    def tickets(
        self,
        begun: Sequence[Begun],
        contents: Mapping[int, Content],
        valid: Mapping[int, float],
        key: bytes,
    ) -> list[Ticket]:
        """The tickets of what has begun, with what each says to whom, and until when it is `valid`.

        Their tokens are marked with the key.
        """
        drafts, channel = {draft.request: draft for draft in self.drafts}, self.template.channel
        return [
            Ticket(
                attempt=one.attempt,
                request=one.request,
                token=one.token,
                address=drafts[one.request].address,
                source=self.source_of(one.request),
                content=contents[one.request],
                group_limit=drafts[one.request].group_limit,
                valid_until=valid.get(one.request),
                mark=make_mark(key, channel, one.token, request=one.request, began_ms=one.asked_ms),
            )
            for one in begun
        ]


_TEMPLATE = text(f"""
    SELECT c.id, c.mode, c.source, c.pool, c.account, c.caller_id, c.twiml, c.url, c.body, c.subject, c.html,
           c.text, c.template_id, c.version, c.voicemail_detection ->> 'on_machine' AS on_machine,
           CASE WHEN c.accounts <> '{{}}' THEN (
               SELECT jsonb_agg(jsonb_build_array(
                   way.name, c.account_sources ->> way.name,
                   {is_halted("c", "way.name")}, coalesce(h.share, 100)) ORDER BY way.n)
               FROM unnest(c.accounts) WITH ORDINALITY AS way (name, n)
               LEFT JOIN account_health AS h ON (h.account, h.channel) = (way.name, c.mode)
           ) END AS ways,
           b.batch_id, b.traceparent, b.expires_on, clock_timestamp() AS now,
           extract(epoch FROM clock_timestamp())::float8 AS epoch, {", ".join(f"c.{name}" for name in HOURS)}
    FROM communication_batch AS b JOIN campaign AS c ON c.id = b.campaign_id WHERE b.id = :batch
""")  # noqa: S608  both are constants
_DRAFTS = text("""
    SELECT r.id, r.address, c.campaign_variables || r.request_variables AS variables, q.group_limit,
           r.recipient,
           CASE WHEN r.attempt IS NOT NULL THEN (
               SELECT jsonb_agg(jsonb_build_array(a.account, a.state, a.error_code)
                                ORDER BY a.attempt_number)
               FROM attempt AS a WHERE a.request = r.id
           ) END AS tried
    FROM queue AS q
    JOIN communication_request AS r ON r.id = q.request
    JOIN communication_batch AS b ON b.id = r.batch
    JOIN campaign AS c ON c.id = b.campaign_id
    WHERE q.request = ANY (:requests) AND q.lease_token = :lease ORDER BY r.id
""")


def read_chunk_contents(connection: Connection, chunk: Chunk) -> ChunkContents:
    """Everything needed to render the requests of the chunk that are still claimed under its lease."""
    row = connection.execute(_TEMPLATE, {"batch": chunk.batch}).mappings().one()
    rows = connection.execute(_DRAFTS, {"requests": list(chunk.requests), "lease": chunk.lease})
    content = {
        name: row[name] for name in ("caller_id", "twiml", "url", "body", "subject", "html", "text")
    }
    return ChunkContents(
        campaign=row["id"],
        source=row["source"],
        account=row["account"],
        pool=pool_of(row["pool"]),
        ways=tuple(ListedAccount(*way) for way in row["ways"] or [(row["account"],)]),
        template=Template(
            channel=Channel(row["mode"]),
            template_id=row["template_id"],
            on_machine=OnMachine(row["on_machine"]) if row["on_machine"] else None,
            **content,
        ),
        drafts=tuple(_time_drafts(row, [_addressed(*draft) for draft in rows])),
        version=row["version"],
        batch_id=row["batch_id"],
        traceparent=row["traceparent"],
        claimed_ago=None if chunk.claimed_at is None else row["epoch"] - chunk.claimed_at,
    )


def _addressed(
    request: int,
    address: str,
    variables: Mapping[str, str],
    group_limit: int | None,
    recipient: int,
    tried: Sequence[tuple[str, str, str | None]] | None,
) -> Addressed:
    before = (
        EarlierAttempt(account, AttemptState(state), code) for account, state, code in tried or ()
    )
    return Addressed(request, address, variables, group_limit, recipient, tuple(before))


def _time_drafts(row: RowMapping, drafts: Sequence[Addressed]) -> Iterator[Addressed]:
    """The drafts with how long each may take to arrive, judged once for all who share their zones.

    A call rings at once or not at all, a mail waits in its mailbox: only texts are held by a provider.
    """
    if Channel(row["mode"]) is not Channel.SMS:
        yield from drafts
        return
    hours, expires_on, now = open_hours(Channel.SMS, dict(row)), row["expires_on"], row["now"]
    ends: dict[tuple[str, ...], datetime | None] = {}
    for draft in drafts:
        zones = () if hours.recipient is None else recipient_zones(draft.address)
        if zones not in ends:
            ends[zones] = arrives_until(hours, zones, expires_on, now)
        end = ends[zones]
        within = None if end is None else (end - now).total_seconds()
        yield replace(draft, arrives_within=within)

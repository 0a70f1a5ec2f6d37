"""One person over all campaigns, and one request as it is drawn. Along indexes by recipient and request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.statuses import AttemptState, Channel
from worker.domain.wire import Wire, to_wire


@dataclass(frozen=True, slots=True)
class KnownRecipient:
    """A person on a channel."""

    id: int
    channel: Channel
    identity: str = field(repr=False)
    suppressed_at: datetime | None
    suppress_reason: str | None


_COLUMNS = "SELECT id, channel, identity, suppressed_at, suppress_reason FROM recipient"
_FIND = text(f"""
    {_COLUMNS} WHERE channel = ANY (:channels) AND identity = ANY (:identities)
    ORDER BY id LIMIT 50
""")
_ONE = text(f"{_COLUMNS} WHERE id = :id")


def find_recipients(connection: Connection, identities: Sequence[str]) -> list[KnownRecipient]:
    """Return whoever has one of these identities, on every channel."""
    told = {"channels": list(Channel), "identities": list(identities)}
    return [_read(row) for row in connection.execute(_FIND, told)]


def find_recipient(connection: Connection, recipient: int) -> KnownRecipient | None:
    """The person with this number."""
    row = connection.execute(_ONE, {"id": recipient}).first()
    return None if row is None else _read(row)


def _read(row: Sequence[object]) -> KnownRecipient:
    number, channel, *rest = row
    return KnownRecipient(number, Channel(str(channel)), *rest)  # type: ignore[arg-type]  # as selected


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A request to somebody."""

    request: int
    batch_id: str
    campaign_name: str
    reference_id: str
    channel: Channel
    request_status: str
    channel_manager_status: str
    attempt_count: int
    created_at: datetime
    sent_at: datetime | None

    def to_wire(self) -> dict[str, Wire]:
        """AskedFor under its names on the wire, but for its number, which is the console's own."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__ if name != "request"}


_REQUESTS = text("""
    SELECT r.id AS request, b.batch_id, c.campaign_name, r.reference_id, p.channel, r.request_status,
        r.channel_manager_status, r.attempt_count, r.created_at, r.sent_at
    FROM (
        SELECT id FROM communication_request WHERE recipient = ANY (:recipients)
        ORDER BY id DESC LIMIT :limit
    ) AS latest
    JOIN communication_request AS r USING (id) JOIN recipient AS p ON p.id = r.recipient
    JOIN communication_batch AS b ON b.id = r.batch JOIN campaign AS c ON c.id = b.campaign_id
    ORDER BY r.id DESC
""")


def requests_to(connection: Connection, recipients: Sequence[int], limit: int) -> list[AskedFor]:
    """The latest requests to these people, newest first."""
    rows = connection.execute(_REQUESTS, {"recipients": list(recipients), "limit": limit})
    return [AskedFor(**{**row, "channel": Channel(row["channel"])}) for row in rows.mappings()]


MOST_BATCHES = 20_000
"""Batches that a reference is looked for in, the newest ones: one step along an index for each."""
_REQUESTS_NAMED = text("""
    SELECT r.id AS request, b.batch_id, c.campaign_name, r.reference_id, c.mode AS channel,
        r.request_status, r.channel_manager_status, r.attempt_count, r.created_at, r.sent_at
    FROM (
        SELECT id, batch_id, campaign_id FROM communication_batch ORDER BY id DESC LIMIT :most
    ) AS b
    CROSS JOIN LATERAL (
        SELECT * FROM communication_request
        WHERE batch = b.id AND reference_id = :reference OFFSET 0
    ) AS r
    JOIN campaign AS c ON c.id = b.campaign_id
    ORDER BY r.id DESC LIMIT :limit
""")


def requests_named(connection: Connection, reference: str, limit: int) -> list[AskedFor]:
    """The latest requests with this reference over all batches, newest first."""
    asked = {"reference": reference, "most": MOST_BATCHES, "limit": limit}
    rows = connection.execute(_REQUESTS_NAMED, asked)
    return [AskedFor(**{**row, "channel": Channel(row["channel"])}) for row in rows.mappings()]


_REGIONS = text("SELECT DISTINCT default_region FROM campaign ORDER BY 1 LIMIT 20")


def regions(connection: Connection) -> list[str]:
    """The countries that campaigns read numbers without a code in."""
    return list(connection.scalars(_REGIONS))


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """One try, as it is drawn."""

    id: int
    attempt_number: int
    state: AttemptState
    began_at: datetime
    doubted_at: datetime | None
    closed_at: datetime | None
    error_code: str | None

    @property
    def is_decidable(self) -> bool:
        """Return whether a person may decide what became of it."""
        return self.state in {AttemptState.IN_DOUBT, AttemptState.UNRESOLVED}


_ATTEMPTS = text("""
    SELECT id, attempt_number, state, began_at, doubted_at, closed_at, error_code
    FROM attempt WHERE request = :request ORDER BY attempt_number
""")


def attempts_of(connection: Connection, request: int) -> list[AttemptShown]:
    """Every attempt of a request, the first one first."""
    rows = connection.execute(_ATTEMPTS, {"request": request})
    return [AttemptShown(row[0], row[1], AttemptState(row[2]), *row[3:]) for row in rows]


_HELD = text("""
    SELECT r.recipient, coalesce(r.address, r.target), p.suppressed_at, p.suppress_reason
    FROM communication_request AS r LEFT JOIN recipient AS p ON p.id = r.recipient
    WHERE r.id = :request
""")


@dataclass(frozen=True, slots=True)
class ToWhom:
    """The recipient of a request, and whether they are not to be contacted."""

    recipient: int | None
    address: str = field(repr=False)
    suppressed_at: datetime | None
    suppress_reason: str | None


def to_whom(connection: Connection, request: int) -> ToWhom:
    """Return whom a request is to."""
    return ToWhom(*connection.execute(_HELD, {"request": request}).one())

"""The recipient behind a token, for as long as somebody may say stop: also when its attempt was archived."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from worker.domain.statuses import Channel


@dataclass(frozen=True, slots=True)
class Contacted:
    """The recipient of an attempt, and whether the attempt was archived since."""

    channel: Channel
    identity: str
    archived: bool


_LIVE = "SELECT recipient, false AS archived FROM attempt WHERE token = :token"
_ARCHIVED = "SELECT recipient, true FROM archived_attempt WHERE token = :token"
_BY_TOKEN = text(f"""
    SELECT p.channel, p.identity, t.archived
    FROM ({_LIVE} UNION ALL {_ARCHIVED}) AS t JOIN recipient AS p ON p.id = t.recipient
""")  # noqa: S608  two constants


def find_contacted(connection: Connection, token: UUID) -> Contacted | None:
    """Find whom the attempt with this token was to; None where there never was one."""
    row = connection.execute(_BY_TOKEN, {"token": token}).first()
    return Contacted(Channel(row.channel), row.identity, row.archived) if row else None


_HEAR = text("INSERT INTO heard_act (act) VALUES (:act) ON CONFLICT DO NOTHING")


def is_new_act(connection: Connection, act: str) -> bool:
    """Note that an act of somebody was heard, by the id its provider gave it; False the second time."""
    return connection.execute(_HEAR, {"act": act}).rowcount == 1

"""Whom a token belongs to, for as long as somebody may say stop: also when its attempt was archived."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from worker.domain.reports import Report
from worker.domain.statuses import Mode


@dataclass(frozen=True, slots=True)
class Contacted:
    """Who an attempt was to, and whether the attempt was archived since."""

    mode: Mode
    identity: str
    archived: bool


_LIVE = "SELECT token, recipient, false AS archived FROM attempt WHERE token = ANY (:tokens)"
_ARCHIVED = "SELECT token, recipient, true FROM archived_attempt WHERE token = ANY (:tokens)"
_BY_TOKEN = text(f"""
    SELECT t.token, p.channel, p.identity, t.archived
    FROM ({_LIVE} UNION ALL {_ARCHIVED}) AS t JOIN recipient AS p ON p.id = t.recipient
""")  # noqa: S608  two constants


def contacted(connection: Connection, tokens: Sequence[UUID]) -> dict[UUID, Contacted]:
    """Who the attempts with these tokens were to; unknown tokens are left out."""
    rows = connection.execute(_BY_TOKEN, {"tokens": list(tokens)})
    return {row.token: Contacted(Mode(row.channel), row.identity, row.archived) for row in rows}


def people_of(connection: Connection, reports: Sequence[Report]) -> dict[str, Contacted]:
    """By the key of each report whose attempt was archived: whom that was to."""
    tokens = {one.key: (one.token, one.mode) for one in reports if one.token}
    people = contacted(connection, [token for token, _ in tokens.values()])
    found = {key: (people.get(token), mode) for key, (token, mode) in tokens.items()}
    return {key: who for key, (who, mode) in found.items() if who and who.mode is mode}


_HEAR = text("INSERT INTO heard_act (act) VALUES (:act) ON CONFLICT DO NOTHING")


def is_new_act(connection: Connection, act: str) -> bool:
    """Note that an act of somebody was heard, by the id its provider gave it; False the second time."""
    return connection.execute(_HEAR, {"act": act}).rowcount == 1

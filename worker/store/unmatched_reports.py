"""People behind reports that fit no attempt: it was archived, or they came without our token.

A person is found by our token, else by the provider's id of the message, else by their own address: but only
one whom we contacted on that channel, for others use the same account.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, text

from worker.domain.evidence.reports import Report


class Named(StrEnum):
    """The names in a report without our token."""

    MESSAGE = "message"
    """A mail of ours, by the provider's id."""
    PERSON = "person"
    """Somebody we mailed, who says stop or can't be reached, or whom a mail is on its way to."""
    NOBODY = "nobody"
    """Neither: it is another sender's, and passed over."""


_REPORTS = """jsonb_to_recordset(CAST(:reports AS jsonb))
    AS v (key text, channel text, token uuid, sid text, identity text, suppress text)"""

_ARCHIVED = """
    SELECT x.recipient FROM archived_attempt AS x JOIN recipient AS q ON q.id = x.recipient
    WHERE x.token = v.token AND q.channel = v.channel
"""
# The only one who ever had it, here or among the attempts that are left; of many, whose address it is tells.
_BY_SID = """
    SELECT min(q.id) FROM archived_attempt AS x JOIN recipient AS q ON q.id = x.recipient
    WHERE x.sid = v.sid AND q.channel = v.channel
        AND NOT EXISTS (SELECT FROM sid AS s WHERE s.sid = v.sid)
    HAVING count(DISTINCT q.id) = 1
"""
_BY_ADDRESS = """
    SELECT q.id FROM recipient AS q
    WHERE q.channel = v.channel AND q.identity = v.identity AND (
        EXISTS (SELECT FROM archived_attempt AS x WHERE x.recipient = q.id)
        OR EXISTS (
            SELECT FROM communication_request AS r JOIN attempt AS a ON a.request = r.id
            WHERE r.recipient = q.id AND a.counted))
"""

# Somebody whom a mail is on its way to, of which the provider's id has not been written down yet.
_AWAITED = """
    SELECT FROM recipient AS q JOIN communication_request AS r ON r.recipient = q.id
    JOIN attempt AS a ON a.request = r.id AND a.sid IS NULL AND a.check_at IS NOT NULL
    WHERE q.channel = v.channel AND q.identity = v.identity AND v.sid IS NOT NULL
        AND v.token IS NULL AND v.channel = 'email'
"""

_PEOPLE = text(f"""
    SELECT v.key, p.identity, EXISTS ({_AWAITED}) AS awaited FROM {_REPORTS}
    JOIN recipient AS p ON p.id = coalesce(({_ARCHIVED}), ({_BY_SID}), ({_BY_ADDRESS}))
    ORDER BY p.id, v.key
""")  # noqa: S608  constants


class ReportedPerson(NamedTuple):
    """The person a report speaks of, and whether the mail it may be of has no id of the provider's yet."""

    identity: str
    awaited: bool


def people_of(connection: Connection, reports: Sequence[Report]) -> dict[str, ReportedPerson]:
    """By the key of each report that speaks of somebody we contacted: their identity on its channel.

    In the order in which recipients are locked.
    """
    rows = connection.execute(_PEOPLE, _plain(reports))
    return {row.key: ReportedPerson(row.identity, row.awaited) for row in rows}


_NAMED = text(f"""
    SELECT v.key, CASE
        WHEN EXISTS (SELECT FROM sid AS s WHERE s.sid = v.sid) THEN 'message'
        WHEN EXISTS (SELECT FROM archived_attempt AS x WHERE x.sid = v.sid) THEN 'message'
        WHEN EXISTS ({_AWAITED}) THEN 'person'
        WHEN v.suppress IS NULL THEN 'nobody'
        WHEN EXISTS ({_BY_ADDRESS}) THEN 'person'
        ELSE 'nobody' END AS named
    FROM {_REPORTS}
""")  # noqa: S608  constants


def find_named(connection: Connection, reports: Sequence[Report]) -> dict[str, Named]:
    """By the key of each report that came without our token: what it names."""
    rows = connection.execute(_NAMED, _plain(reports))
    return {row.key: Named(row.named) for row in rows}


# An archived attempt by our token, else by the provider's id; else nobody's, where no mail is on its way
# any more that might turn out to have this id.
_SPENT = text(f"""
    SELECT v.key, x.recipient IS NOT NULL AS archived, x.sid
    FROM {_REPORTS} LEFT JOIN LATERAL (
        SELECT x.recipient, x.sid FROM archived_attempt AS x JOIN recipient AS q ON q.id = x.recipient
        WHERE q.channel = v.channel AND (x.token = v.token OR (v.token IS NULL AND x.sid = v.sid))
        LIMIT 1
    ) AS x ON true
    WHERE x.recipient IS NOT NULL OR (
        v.token IS NULL AND v.channel = 'email' AND NOT EXISTS ({_AWAITED})
        AND NOT EXISTS (SELECT FROM sid AS s WHERE s.sid = v.sid))
""")  # noqa: S608  constants


class Spent(NamedTuple):
    """A report that nothing waits for: of an archived attempt, with the id it had, or another sender's."""

    archived: bool
    sid: str | None


def find_spent(connection: Connection, reports: Sequence[Report]) -> dict[str, Spent]:
    """By the key of each report that fits no attempt and never will."""
    rows = connection.execute(_SPENT, _plain(reports))
    return {row.key: Spent(row.archived, row.sid) for row in rows}


def _plain(reports: Sequence[Report]) -> dict[str, str]:
    rows = [
        {
            "key": report.key,
            "channel": report.channel,
            "token": report.token,
            "sid": report.sid,
            "identity": report.identity,
            "suppress": report.suppress,
        }
        for report in reports
    ]
    return {"reports": orjson.dumps(rows).decode()}

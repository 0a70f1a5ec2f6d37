"""The providers' reports: stored once, applied when it fits, kept with the attempt's history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import Channel, ChannelStatus, SuppressReason


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A stored report that has not been applied, with the attempt it speaks of, if one is known."""

    id: int
    attempt: int | None
    report: Report


# An attempt is found by our token, which the provider carried back; else by its own sid. A mail's may be
# shared by many recipients: then by whom the report names, or where nobody else ever had the sid.
_ATTEMPT = """coalesce(
        (SELECT a.id FROM attempt AS a WHERE a.token = v.token AND a.channel = v.provider),
        (SELECT coalesce(
                    CASE WHEN count(p.id) = 1 THEN min(a.id) FILTER (WHERE p.id IS NOT NULL) END,
                    CASE WHEN count(*) = 1 AND NOT EXISTS (
                        SELECT FROM archived_attempt AS x WHERE x.sid = v.sid) THEN min(a.id) END)
         FROM sid AS s JOIN attempt AS a ON a.id = s.attempt AND a.channel = v.provider
         LEFT JOIN recipient AS p ON p.id = a.recipient AND p.identity = v.report ->> 'identity'
         WHERE v.token IS NULL AND s.sid = v.sid)
    )"""

# What fits is applied in this very transaction, and is written down as such.
_STORE = text(f"""
    INSERT INTO inbox (provider, key, token, sid, report, attempt, applied_at, next_try_at)
    SELECT v.provider, v.key, v.token, v.sid, v.report, v.attempt,
           CASE WHEN v.attempt IS NOT NULL AND :applied THEN clock_timestamp() END,
           CASE WHEN v.attempt IS NULL OR NOT :applied THEN clock_timestamp() END
    FROM (
        SELECT v.*, {_ATTEMPT} AS attempt FROM jsonb_to_recordset(CAST(:reports AS jsonb))
            AS v (provider text, key text, token uuid, sid text, report jsonb)
    ) AS v
    ORDER BY v.provider, v.key
    ON CONFLICT (provider, key) DO NOTHING
    RETURNING id, provider, key, attempt
""")  # noqa: S608  _ATTEMPT is a constant


def store(
    connection: Connection, reports: Sequence[Report], *, applied: bool
) -> list[StoredReport]:
    """Keep the reports; one whose key is known is a repetition and is left out.

    Args:
        connection: in a transaction.
        reports: in the order in which they came.
        applied: whether those that fit an attempt are applied in this transaction; else they wait.

    Returns:
        the new ones, in the order in which they came.
    """
    first = {(report.channel.value, report.key): report for report in reversed(reports)}
    rows = [
        {
            "provider": report.channel,
            "key": report.key,
            "token": report.token,
            "sid": report.sid,
            "report": _plain(report),
        }
        for report in first.values()
    ]
    stored = connection.execute(
        _STORE, {"reports": orjson.dumps(rows).decode(), "applied": applied}
    )
    new = {(row.provider, row.key): (row.id, row.attempt) for row in stored}
    return [
        StoredReport(*new[name], report) for name, report in reversed(first.items()) if name in new
    ]


_UNAPPLIED = text("""
    SELECT i.id FROM unnest(CAST(:providers AS text[]), CAST(:keys AS text[])) AS v (provider, key)
    JOIN inbox AS i ON i.provider = v.provider AND i.key = v.key WHERE i.applied_at IS NULL
""")


def find_unapplied(connection: Connection, reports: Sequence[Report]) -> list[int]:
    """The letters that keep these reports and have had no effect yet."""
    providers = [one.channel.value for one in reports]
    keys = [one.key for one in reports]
    return list(connection.scalars(_UNAPPLIED, {"providers": providers, "keys": keys}))


_GIVE_UP = text("UPDATE inbox SET next_try_at = NULL WHERE id = ANY (:ids)")


def give_up(connection: Connection, reports: Sequence[Report]) -> None:
    """Try those of these reports no more that had no effect yet."""
    connection.execute(_GIVE_UP, {"ids": find_unapplied(connection, reports)})


_READ = text(f"""
    SELECT v.id, {_ATTEMPT} AS attempt, v.report
    FROM inbox AS v WHERE v.id = ANY (:ids) AND v.applied_at IS NULL ORDER BY v.id
    FOR NO KEY UPDATE OF v
""")  # noqa: S608  _ATTEMPT is a constant


def read(connection: Connection, ids: Sequence[int]) -> list[StoredReport]:
    """The unapplied ones among `ids`, oldest first, held until this transaction ends."""
    rows = connection.execute(_READ, {"ids": list(ids)})
    return [StoredReport(row.id, row.attempt, _report(row.report)) for row in rows]


_WAITING = text("""
    SELECT id FROM inbox WHERE next_try_at <= clock_timestamp()
    ORDER BY next_try_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
""")


def waiting(connection: Connection, limit: int) -> list[int]:
    """Letters that fitted nothing yet and are due to be tried again."""
    return list(connection.scalars(_WAITING, {"limit": limit}))


_APPLIED = text("""
    UPDATE inbox SET applied_at = clock_timestamp(), next_try_at = NULL, attempt = v.attempt
    FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS bigint[])) AS v (id, attempt)
    WHERE inbox.id = v.id
""")


def mark_applied(connection: Connection, letters: Sequence[StoredReport]) -> None:
    """The letters have had their effect, which may have been none."""
    connection.execute(
        _APPLIED,
        {"ids": [one.id for one in letters], "attempts": [one.attempt for one in letters]},
    )


_RETRY = text("""
    UPDATE inbox SET tries = tries + 1,
        next_try_at = CASE WHEN received_at + :patience > clock_timestamp()
                      THEN clock_timestamp() + least(:first * power(2, least(tries, 12)), :patience)
                      END
    WHERE id = ANY (:ids) AND applied_at IS NULL
    RETURNING id, next_try_at IS NULL AS given_up, report
""")

_BURY = text("""
    INSERT INTO dead_letter (kind, reason, payload)
    SELECT 'callback', :reason, CAST(report AS text)
    FROM inbox WHERE id = ANY (:ids)
""")


def try_later(
    connection: Connection,
    ids: Sequence[int],
    *,
    first: timedelta,
    patience: timedelta,
    reason: str,
) -> int:
    """Not applied yet: try again at growing intervals, until it becomes a dead letter.

    Returns:
        how many were given up.
    """
    rows = connection.execute(_RETRY, {"ids": list(ids), "first": first, "patience": patience})
    given_up = [row.id for row in rows if row.given_up]
    if given_up:
        connection.execute(_BURY, {"ids": given_up, "reason": reason})
    return len(given_up)


_FORGET = text("""
    DELETE FROM inbox WHERE attempt IS NULL AND next_try_at IS NULL
        AND received_at < clock_timestamp() - interval '30 days'
""")


def forget(connection: Connection) -> int:
    """Drop what was passed over or given up so long ago that no provider repeats it. Returns how many rows.

    Which acts were heard is remembered elsewhere, and what was given up is a dead letter.
    """
    return connection.execute(_FORGET).rowcount


def _plain(report: Report) -> dict[str, object]:
    return {
        # A release may apply what the one before it stored: here the key stays as it was.
        "mode": report.channel,
        "key": report.key,
        "token": report.token,
        "sid": report.sid,
        "name": report.name,
        "rank": report.rank,
        "sequence": report.sequence,
        "meaning": report.meaning,
        "channel_status": report.channel_status,
        "code": report.code,
        "suppress": report.suppress,
        "at": report.at,
        **({"identity": report.identity} if report.identity else {}),
    }


def _report(plain: dict[str, str | int | None]) -> Report:
    return Report(
        channel=Channel(str(plain["mode"])),
        key=str(plain["key"]),
        token=UUID(str(plain["token"])) if plain["token"] else None,
        sid=str(plain["sid"]) if plain["sid"] else None,
        name=str(plain["name"]),
        rank=int(plain["rank"] or 0),
        sequence=int(plain["sequence"] or 0),
        meaning=Meaning(str(plain["meaning"])),
        channel_status=ChannelStatus(str(plain["channel_status"])),
        code=str(plain["code"]) if plain["code"] else None,
        suppress=SuppressReason(str(plain["suppress"])) if plain["suppress"] else None,
        at=datetime.fromisoformat(str(plain["at"])) if plain["at"] else None,
        identity=str(plain["identity"]) if plain.get("identity") else None,
    )

"""Texts that say START: each waits until its provider has told when it was written."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Start:
    """One of them: its id at the provider, and who wrote it."""

    sid: str
    identity: str


def note(connection: Connection, start: Start) -> None:
    """Let it be judged; once, for its id is kept as long as opt-outs are."""
    connection.execute(
        text("""
            INSERT INTO start_message (sid, identity) VALUES (:sid, :identity)
            ON CONFLICT (sid) DO NOTHING
        """),
        {"sid": start.sid, "identity": start.identity},
    )


_AGAIN = text("""
    UPDATE start_message SET next_try_at = clock_timestamp(), tries = 0
    WHERE identity = :identity AND received_at > clock_timestamp() - CAST(:patience AS interval)
""")


def judge_again(connection: Connection, identity: str, patience: timedelta) -> None:
    """A STOP of theirs has come in, which may have been overtaken by what was judged before it."""
    connection.execute(_AGAIN, {"identity": identity, "patience": patience})


# Whoever takes one has it until the next try; the last try is the one after which patience ends.
_TAKE = text("""
    UPDATE start_message SET tries = tries + 1,
        next_try_at = CASE WHEN received_at > clock_timestamp() - CAST(:patience AS interval)
            THEN clock_timestamp() + least(:first * power(2, least(tries, 12)), interval '1 hour') END
    WHERE sid IN (
        SELECT sid FROM start_message WHERE next_try_at <= clock_timestamp()
        ORDER BY next_try_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING sid, identity
""")


def take(
    connection: Connection, *, first: timedelta, patience: timedelta, limit: int
) -> list[Start]:
    """Those that are due; each is due again, after a while that grows, unless it is settled."""
    rows = connection.execute(_TAKE, {"first": first, "patience": patience, "limit": limit})
    return [Start(row.sid, row.identity) for row in rows]


def resolve(connection: Connection, sid: str) -> None:
    """It has had its effect, which may have been none."""
    connection.execute(
        text("UPDATE start_message SET next_try_at = NULL WHERE sid = :sid"), {"sid": sid}
    )

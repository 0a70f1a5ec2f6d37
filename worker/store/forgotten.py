"""Attempts that the database should know and does not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

# What is not there was archived or deleted, unless it began after the youngest of those; or its loss was
# seen, unless it began after the last time that an operator let everything go on. One statement: what is
# removed meanwhile is either still there or noted.
_FORGOTTEN = text("""
    SELECT v.token
    FROM unnest(CAST(:tokens AS uuid[]), CAST(:began AS timestamptz[])) AS v (token, began_at)
    WHERE NOT EXISTS (SELECT FROM attempt AS a WHERE a.token = v.token)
        AND v.began_at > greatest(
            (SELECT began_at FROM youngest_removed),
            (SELECT max(at) FROM audit
             WHERE (subject, deed) IN (('all', 'resume'), ('database', 'adopt'))),
            '-infinity')
""")


def find_forgotten(connection: Connection, began: Mapping[UUID, datetime]) -> set[UUID]:
    """Find those of these tokens, of attempts that began then, nothing but a loss of data can explain."""
    values = {"tokens": list(began), "began": list(began.values())}
    return set(connection.scalars(_FORGOTTEN, values))


_TOKENS = text("SELECT token FROM attempt WHERE token = ANY (CAST(:tokens AS uuid[]))")


def find_tokens(connection: Connection, tokens: Sequence[str]) -> set[str]:
    """Those of the tokens whose attempt is known."""
    return {str(one) for one in connection.scalars(_TOKENS, {"tokens": list(tokens)})}

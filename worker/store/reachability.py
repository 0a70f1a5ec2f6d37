"""People of a batch, by what decides whether they can be contacted at all."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from worker.domain.schedule.reachability import Alike, Never
from worker.domain.schedule.windows import LONGEST_NUMBER_PREFIX

_ALIKE = text("""
    SELECT left(r.address, :prefix) AS prefix, length(r.address) AS length, count(*) AS n
    FROM queue AS q JOIN communication_request AS r ON r.id = q.request
    WHERE q.batch = :batch GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT :most
""")

_REFUSED = text("""
    SELECT count(*) AS n, coalesce(
        error_message, CASE WHEN request_status = 'SKIPPED' THEN channel_manager_status END
    ) AS why
    FROM communication_request
    WHERE batch = :batch AND request_status IN ('INVALID', 'SKIPPED')
        AND (error_code IN ('invalid_target', 'filtered') OR channel_manager_status LIKE 'PRIOR%')
    GROUP BY 2 ORDER BY 1 DESC, 2
""")


def alike(connection: Connection, batch: int, *, most: int) -> list[Alike]:
    """The numbers that wait, grouped by how they begin, the largest groups first."""
    values = {"batch": batch, "most": most, "prefix": LONGEST_NUMBER_PREFIX}
    return [Alike(*row) for row in connection.execute(_ALIKE, values)]


def count_refused(connection: Connection, batch: int) -> list[Never]:
    """Count who was refused as the batch took them in, by reason."""
    return [Never(row.n, row.why) for row in connection.execute(_REFUSED, {"batch": batch})]


_BY_CODE = text("""
    SELECT error_code AS code, left(address, :prefix) AS prefix, length(address) AS length, count(*) AS n
    FROM communication_request
    WHERE batch = :batch AND request_status IN ('FAILED', 'INVALID')
        AND error_code = ANY (CAST(:codes AS text[]))
    GROUP BY 1, 2, 3
""")


def find_failed_with(
    connection: Connection, batch: int, codes: Sequence[str]
) -> list[tuple[str, Alike]]:
    """The numbers that failed with these codes, each code with those that begin alike."""
    values = {"batch": batch, "codes": list(codes), "prefix": LONGEST_NUMBER_PREFIX}
    rows = connection.execute(_BY_CODE, values)
    return [(row.code, Alike(row.prefix, row.length, row.n)) for row in rows]


_BY_TOKEN = text("""
    SELECT a.token, r.address FROM attempt AS a JOIN communication_request AS r ON r.id = a.request
    WHERE a.token = ANY (:tokens)
""")


def numbers_of(connection: Connection, tokens: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """The number that each attempt with one of these tokens is to, as far as they are there."""
    rows = connection.execute(_BY_TOKEN, {"tokens": list(tokens)})
    return [(row.token, row.address) for row in rows]

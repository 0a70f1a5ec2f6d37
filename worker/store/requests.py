"""Requests as an operator reads them: results page by page, and the history of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Connection, RowMapping, TextClause, text

from worker.domain.contract.results import History, HistoryEntry, RequestResult
from worker.domain.statuses import AttemptState, RequestStatus

_COLUMNS = """
    b.batch_id, r.reference_id, r.target, r.request_variables, r.request_status,
    r.channel_manager_status, r.error_code, r.error_message, r.call_manager_sid, r.created_at,
    r.sent_at, r.attempt_count, r.session_id, r.conversation_id
"""


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """A filter of a batch's requests; None means any."""

    statuses: Sequence[str] | None = None
    reference_id: str | None = None
    channel_manager_status: str | None = None
    sent_since: datetime | None = None
    sent_before: datetime | None = None


# Keyed by the last reference seen, along the unique index, so that every page is short work of its
# own and a slow reader holds no transaction open.
_PAGE = """
    SELECT {columns} FROM communication_request AS r JOIN communication_batch AS b ON b.id = r.batch
    WHERE r.batch = :batch AND r.reference_id > :after {asked}
    ORDER BY r.reference_id LIMIT :limit
"""
_ASKED = {
    "statuses": "AND r.request_status = ANY (:statuses)",
    "reference_id": "AND r.reference_id = :reference_id",
    "channel_manager_status": "AND r.channel_manager_status = :channel_manager_status",
    "sent_since": "AND r.sent_at >= :sent_since",
    "sent_before": "AND r.sent_at < :sent_before",
}
"""Of a filter's field: what it asks for. Only those that ask are written: one reference is one step."""


@cache
def _page_of(asked: tuple[str, ...]) -> TextClause:
    conditions = " ".join(_ASKED[name] for name in asked)
    return text(_PAGE.format(columns=_COLUMNS, asked=conditions))


# Right after an upload there are no statistics yet; for the few rows it then expects the planner
# would sort the whole batch again for every page.
_ALONG_THE_INDEX = text("SET LOCAL enable_bitmapscan = off")


def page(
    connection: Connection, batch: int, wanted: ResultFilter, *, after: str, limit: int
) -> list[RequestResult]:
    """The next results of a batch after a reference_id, in the order of reference_id."""
    connection.execute(_ALONG_THE_INDEX)
    asked = {name: value for name in _ASKED if (value := getattr(wanted, name)) is not None}
    place = {"batch": batch, "after": after, "limit": limit}
    rows = connection.execute(_page_of(tuple(asked)), place | asked)
    return [_result(row) for row in rows.mappings()]


# In pages too: a million rows of many variables take longer than any statement may.
_NAMES = text("""
    WITH page AS (
        SELECT reference_id, request_variables FROM communication_request
        WHERE batch = :batch AND reference_id > :after ORDER BY reference_id LIMIT :limit
    )
    SELECT (SELECT max(reference_id) FROM page),
        (SELECT array_agg(DISTINCT name) FROM page, jsonb_object_keys(request_variables) AS name)
""")


def variable_names(
    connection: Connection, batch: int, *, after: str, limit: int
) -> tuple[str | None, list[str]]:
    """The names of the variables in the next requests after a reference_id, and the last of these."""
    connection.execute(_ALONG_THE_INDEX)
    row = connection.execute(_NAMES, {"batch": batch, "after": after, "limit": limit}).one()
    return row[0], row[1] or []


_ONE = text(f"""
    SELECT r.id, q.due_at, {_COLUMNS}
    FROM communication_request AS r JOIN communication_batch AS b ON b.id = r.batch
    LEFT JOIN queue AS q ON q.request = r.id
    WHERE b.batch_id = :batch_id AND r.reference_id = :reference_id
""")  # noqa: S608  _COLUMNS is a constant

# A closed attempt's own end is told by the transition or the report that closed it, except where
# nothing of the request moved: then only the attempt's row knows. A webhook's path may hold a secret of
# its receiver: only the host is shown.
_MOMENTS = text("""
    SELECT at, number, what, why FROM (
        SELECT t.at, a.attempt_number AS number, t.to_status || CASE
                   WHEN t.channel_manager_status = t.to_status THEN ''
                   ELSE ' · ' || t.channel_manager_status END AS what,
               concat_ws(': ', t.cause, t.detail) AS why, 2 AS step, t.id AS serial
        FROM status_transition AS t LEFT JOIN attempt AS a ON a.id = t.attempt
        WHERE t.request = :request
        UNION ALL
        SELECT began_at, attempt_number, 'attempt began',
               source || coalesce(', campaign version ' || campaign_version, ''), 1, id
        FROM attempt WHERE request = :request
        UNION ALL
        SELECT accepted_at, attempt_number, 'accepted by the provider', sid, 3, id
        FROM attempt WHERE request = :request AND accepted_at IS NOT NULL
        UNION ALL
        SELECT closed_at, attempt_number,
               'attempt ' || state || CASE WHEN late THEN ' (late)' ELSE '' END, error_code, 5, id
        FROM attempt WHERE request = :request AND closed_at IS NOT NULL
        UNION ALL
        SELECT i.received_at, a.attempt_number, 'provider reported ' || (i.report ->> 'name'),
               concat_ws(' ', i.report ->> 'channel_status', i.report ->> 'code'), 4, i.id
        FROM inbox AS i JOIN attempt AS a ON a.id = i.attempt WHERE a.request = :request
        UNION ALL
        SELECT coalesce(delivered_at, last_tried_at, created_at), NULL,
               'webhook ' || coalesce(CAST(body AS jsonb) ->> 'request_status', 'of a reply') || CASE
                   WHEN delivered_at IS NOT NULL THEN ' delivered'
                   WHEN next_try_at IS NULL THEN ' given up' ELSE ' waiting' END,
               format('%s, tries: %s%s', split_part(url, '/', 3), tries, ', answer: ' || last_answer),
               6, id
        FROM webhook_delivery WHERE request = :request
    ) AS told ORDER BY at, step, serial
""")


def history(connection: Connection, batch_id: str, reference_id: str) -> History | None:
    """A request with everything that happened to it, oldest first."""
    found = connection.execute(_ONE, {"batch_id": batch_id, "reference_id": reference_id})
    row = found.mappings().first()
    if row is None:
        return None
    moments = connection.execute(_MOMENTS, {"request": row["id"]})
    return History(_result(row), tuple(HistoryEntry(*moment) for moment in moments), row["due_at"])


_STATUSES = text("""
    SELECT reference_id, request_status FROM communication_request
    WHERE batch = :batch AND reference_id = ANY (:reference_ids)
""")


def statuses(
    connection: Connection, batch: int, reference_ids: Sequence[str]
) -> dict[str, RequestStatus]:
    """Return where the named requests stand; those that the batch has not are left out."""
    named = {"batch": batch, "reference_ids": list(reference_ids)}
    rows = connection.execute(_STATUSES, named)
    return {reference_id: RequestStatus(status) for reference_id, status in rows}


def attempt_tokens(connection: Connection) -> dict[UUID, AttemptState]:
    """The token of every attempt ever begun, and where it stands."""
    rows = connection.execute(text("SELECT token, state FROM attempt"))
    return {token: AttemptState(state) for token, state in rows}


def _result(row: RowMapping) -> RequestResult:
    return RequestResult(**{name: row[name] for name in RequestResult.__slots__})

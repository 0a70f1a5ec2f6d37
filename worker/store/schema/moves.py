"""The table of moves as SQL, so that the database refuses what is not in it."""

from worker.domain.statuses import ARRIVALS, JUDGED_ANEW, REPLACEABLE, TRANSITIONS, RequestStatus
from worker.store.schema.conventions import sql_list

_REPLACED = "cause = 'operator' AND detail IS NOT DISTINCT FROM 'replaced'"


def possible_moves() -> str:
    """Return whether a row of the history is a move that can be; cheap, for each send writes some.

    A row that replaces another may leave the request as it was, and nothing else moves a CANCELED one.
    """
    stays = sql_list(REPLACEABLE & JUDGED_ANEW)
    moves = " ".join(
        f"WHEN '{status}' THEN to_status IN ({sql_list(TRANSITIONS[status])})"
        for status in sorted(TRANSITIONS)
        if status is not RequestStatus.CANCELED
    )
    return (
        f"CASE WHEN from_status IS NULL THEN to_status IN ({sql_list(ARRIVALS)})"
        f" WHEN from_status = to_status THEN to_status IN ({stays}) AND {_REPLACED}"
        f" ELSE CASE from_status {moves}"
        f" WHEN 'CANCELED' THEN to_status IN ({sql_list(JUDGED_ANEW)}) AND {_REPLACED}"
        " ELSE false END END"
    )

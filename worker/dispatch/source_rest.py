"""Resting a source of a pool: it takes nobody new, and whom it has waits, to be moved if it rests for long.

Two things rest one: a code that says that it can't send, and too many rejections by carriers among its last
attempts. Where a campaign has no pool, the first halts it as before, and the second is left to what watches
runs of one code (`unknown_codes.py`).
"""

from collections.abc import Sequence
from itertools import groupby

import structlog

from worker.domain.accounts import source_key
from worker.domain.evidence.reports import Report
from worker.domain.evidence.source_codes import LOOKED_AT, REJECTIONS
from worker.domain.statuses import Channel
from worker.store import halts, source_rejections
from worker.store.connect import Engine, in_transaction
from worker.store.source_rejections import Rejected

log = structlog.get_logger()

WAITS = "who has it waits, and is moved to another one where it rests for long"


def rest_source(engine: Engine, channel: Channel, account: str, source: str, why: str) -> None:
    """Let a source take nobody new, until somebody resumes it; it is told with its reason."""
    key, reason = source_key(channel.value, account, source), f"{why}; {WAITS}"
    if in_transaction(engine, halts.halt, "source", key, reason, halts.PROVIDER):
        log.critical("source_rests", key=key, why=why)


def note_rejections(engine: Engine, most: int, reports: Sequence[Report]) -> None:
    """Rest the sources of pools of which carriers have rejected too much, these reports included.

    Args:
        engine: the store, which has taken the reports in.
        most: rejections that are borne among the last `LOOKED_AT` outcomes of a source.
        reports: what was heard; asked about only where one is a rejection.
    """
    tokens = [one.token for one in reports if one.token and one.code in REJECTIONS]
    if not tokens:
        return
    found = in_transaction(engine, source_rejections.of_pools, tokens)
    for of, several in groupby(found, key=lambda one: (one.channel, one.account, one.source)):
        if (rejected := _count(engine, list(several))) >= most:
            why = f"carriers rejected {rejected} of its last {LOOKED_AT}"
            rest_source(engine, of[0], of[1], of[2], why)


def _count(engine: Engine, attempts: Sequence[Rejected]) -> int:
    """The most rejections of this source in any of the batches."""
    batches = {one.batch: one for one in attempts}
    return max(
        in_transaction(engine, source_rejections.count, one, sorted(REJECTIONS), LOOKED_AT)
        for one in batches.values()
    )

"""Close what time has decided. Idempotent: any number of schedulers may do it."""

import structlog

from worker.store import closing, duties, finished_batches, inbox
from worker.store.connect import Engine, in_transaction

log = structlog.get_logger()

PAGE = 1000


def sweep(engine: Engine) -> None:
    """Close waiting requests of expired and deleted batches; note which batches are finished; forget."""
    while (closed := in_transaction(engine, closing.close_pending, PAGE)) == PAGE:
        log.info("requests_closed", count=closed)
    finished, reopened = in_transaction(engine, finished_batches.note_finished)
    if finished or reopened:
        log.info("batches_noted", finished=finished, reopened=reopened)
    in_transaction(engine, duties.forget_counts)
    in_transaction(engine, inbox.forget)

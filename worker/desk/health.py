"""Is this system able to work?"""

import structlog

from worker.store.connect import Engine, in_transaction
from worker.store.health import write_something

log = structlog.get_logger()


def is_ready(engine: Engine) -> bool:
    """Return whether the database takes what is written; one that only answers is of no use."""
    try:
        in_transaction(engine, write_something)
    except Exception as error:  # noqa: BLE001  whatever it was: not ready
        log.warning("not_ready", error=type(error).__name__)
        return False
    return True

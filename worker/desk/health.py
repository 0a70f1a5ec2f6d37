"""Is this system able to work?"""

from sqlalchemy import Engine

from worker.store.connect import StoreUnavailable, in_transaction
from worker.store.health import ping


def is_ready(engine: Engine) -> bool:
    """Whether the database answers."""
    try:
        in_transaction(engine, ping)
    except StoreUnavailable:
        return False
    return True

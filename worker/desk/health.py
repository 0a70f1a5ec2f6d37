"""Is this system able to work?"""

from worker.store.connect import Engine, StoreUnavailable, in_transaction
from worker.store.health import ping


def is_ready(engine: Engine) -> bool:
    """Whether the database answers."""
    try:
        in_transaction(engine, ping)
    except StoreUnavailable:
        return False
    return True

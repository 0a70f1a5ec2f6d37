"""Stop and resume sending: everywhere, on a channel, or for a campaign."""

from collections.abc import Sequence

import structlog

from worker.store import halts
from worker.store.connect import Engine, in_transaction
from worker.store.halts import HaltRow, Scope

__all__ = ["HaltRow", "Scope", "halt", "resume", "standing"]

log = structlog.get_logger()


def halt(engine: Engine, scope: Scope, key: str, reason: str, by: str) -> bool:
    """Once this returns nothing begins in the scope. Returns whether it was sending before."""
    fresh = in_transaction(engine, lambda c: halts.halt(c, scope, key, reason, by))
    log.warning("dispatch_halted", scope=scope, key=key)
    return fresh


def resume(engine: Engine, scope: Scope, key: str) -> bool:
    """Let it send again. Returns whether it was halted."""
    lifted = in_transaction(engine, lambda c: halts.resume(c, scope, key))
    log.warning("dispatch_resumed", scope=scope, key=key)
    return lifted


def standing(engine: Engine) -> Sequence[HaltRow]:
    """Every halt in force."""
    return in_transaction(engine, halts.standing)

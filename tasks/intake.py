"""One message in, from either door: take it, say so in the log, scan at once where it asks for that."""

import structlog

from config.queues import TRIGGERS
from tasks.app import runtime
from tasks.publish import scan_and_publish
from tasks.retry import PAUSE, STOPPING
from worker.desk.messages import Buried, Taken, accept, bury, whole
from worker.domain.contract.message_ids import to_stored_id
from worker.runtime import StoreUnavailable
from worker.tracing import TRACES

log = structlog.get_logger()

FAULTS = 3
"""How often a message may break something of ours before it becomes a dead letter."""


def take_in(name: str, message_id: str, payload: object, traceparent: str | None = None) -> None:
    """Take in one message; when this returns it has had its effect or is a dead letter.

    Raises:
        StoreUnavailable: neither; it may be given again.
    """
    known = name if name in TRIGGERS else None
    with TRACES.ingest(traceparent, door="message", message=known):
        _take_in(name, message_id, payload)


def _take_in(name: str, message_id: str, payload: object) -> None:
    # A stranger chose both: a name that is not ours and an id that is no UUID may be personal data.
    about = {"task": name if name in TRIGGERS else None, "id": to_stored_id(message_id)}
    match _try_accept(name, message_id, payload):
        case Taken(fresh, scan):
            log.info("message_taken", fresh=fresh, **about)
            if scan:
                _scan(scan)
        case Buried(letter, fault):
            log.warning("message_buried", letter=letter, fault=fault, **about)


def keep(
    reason: str, everything: str, name: str | None = None, message_id: str | None = None
) -> None:
    """Keep as a dead letter what is no message.

    Raises:
        StoreUnavailable: it could not be kept; it may be given again.
    """
    engine = runtime().engine
    letter = bury(engine, reason=reason, payload=everything, name=name, message_id=message_id)
    log.warning("message_buried", letter=letter, fault="Unfit")


def _try_accept(name: str, message_id: str, payload: object) -> Taken | Buried:
    """Taken or judged; a fault of ours keeps it whole once it has shown itself again and again."""
    engine, fault = runtime().engine, ""
    for _ in range(FAULTS):
        try:
            return accept(engine, name, message_id, payload)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  a door: a fault of ours must not lose the message
            fault = type(error).__name__
            log.error("message_broke", fault=fault, id=to_stored_id(message_id))
            STOPPING.wait(PAUSE)
    text, reason = whole(payload), f"it broke: {fault}"
    letter = bury(engine, reason=reason, payload=text, name=name, message_id=message_id)
    return Buried(letter, fault)


def _scan(batch_id: str) -> None:
    """The message has had its effect, whatever becomes of this."""
    try:
        scan_and_publish(only=batch_id)
    except Exception as error:  # noqa: BLE001  the scheduler scans anyhow
        log.warning("scan_left_to_the_scheduler", error=type(error).__name__)

"""A store in which every deed has something to be done to, and all that stands in it."""

from collections.abc import Mapping

from sqlalchemy import Engine, text

from tests.factories import (
    make_attempt,
    make_batch,
    make_campaign,
    make_request,
)
from worker.desk.messages import accept
from worker.desk.suppressions import suppress_recipient
from worker.domain.statuses import AttemptState, Channel, RequestStatus, SuppressReason

TELLS_OF_DEEDS = {
    *("audit", "audit_seal", "audit_unsealed", "once_call", "message"),
    *("alembic_version", "duty", "pulse"),
}
LETTER = {"batch_id": "none", "paused": True}


def contents(engine: Engine) -> Mapping[str, str]:
    """Every table that a deed may change, as one text each; whose key was used last is no deed."""
    found = {}
    with engine.begin() as connection:
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ).all()
        for table in set(tables) - TELLS_OF_DEEDS:
            row = "to_jsonb(t) - 'last_used_at'"
            query = f"SELECT md5(string_agg(r, ',' ORDER BY r)) FROM (SELECT ({row})::text AS r FROM {table} AS t) AS s"  # noqa: S608, E501
            found[table] = str(connection.scalar(text(query)))
    return found


def fill(engine: Engine) -> dict[str, str]:
    """Something for every deed; what paths and commands call it."""
    campaign = make_campaign(engine, campaign_name="C")
    make_campaign(engine, campaign_name="Spare")
    batch = make_batch(engine, batch_id="B", campaign=campaign)
    make_batch(engine, batch_id="E", campaign=campaign)
    waiting = {
        f"waits{n}": make_request(engine, batch=batch, reference_id=f"waits{n}") for n in range(4)
    }
    for n in range(4):
        _fail(engine, batch, f"failed{n}")
    doubts = {f"doubt{n}": _doubt(engine, batch, f"doubted{n}") for n in range(2)}
    letters = {f"letter{n}": _bury(engine, f"m{n}") for n in range(3)}
    for n in range(2):
        reason = SuppressReason.UNSUBSCRIBED
        target = f"+1512555020{n}"
        suppress_recipient(engine, Channel.VOICE, target, reason=reason, by="ben@example.com")
    numbers = {"campaign": campaign, **waiting, **doubts, **letters, **_numbers(engine)}
    return {name: str(number) for name, number in numbers.items()}


def _fail(engine: Engine, batch: int, reference: str) -> None:
    request = make_request(engine, batch=batch, reference_id=reference)
    make_attempt(engine, request=request, state=AttemptState.REFUSED, status=RequestStatus.FAILED)


def _doubt(engine: Engine, batch: int, reference: str) -> int:
    request = make_request(engine, batch=batch, reference_id=reference)
    return make_attempt(engine, request=request, state=AttemptState.UNRESOLVED)


def _bury(engine: Engine, message: str) -> int:
    buried = accept(engine, "outreach.update_batch", message, LETTER)
    return int(getattr(buried, "letter", 0) or 0)


def _numbers(engine: Engine) -> dict[str, int]:
    """The numbers of what others made: a failed request, its recipient, the acts."""
    with engine.begin() as connection:
        request, recipient = connection.execute(
            text("SELECT id, recipient FROM communication_request WHERE reference_id = 'failed3'")
        ).one()
        acts = connection.scalars(text("SELECT id FROM suppression ORDER BY id")).all()
    return {"failed": request, "person": recipient, "act0": acts[0], "act1": acts[1]}

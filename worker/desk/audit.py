"""What an auditor reads: who did what, and what can be compared with the providers' own books."""

from uuid import UUID

from worker.desk import campaigns
from worker.domain.audit import AuditEntry
from worker.domain.statuses import AttemptState
from worker.store import audit, requests
from worker.store.connect import Connection, Engine, in_transaction


def list_audit(
    engine: Engine, *, batch: str | None = None, campaign: str | None = None, limit: int = 50
) -> list[AuditEntry]:
    """The latest deeds, newest first; to one batch, or to one campaign by its name or id, if asked.

    Raises:
        UnknownCampaign: there is none.
    """

    def step(connection: Connection) -> list[AuditEntry]:
        subject = f"batch {batch}" if batch else None
        if campaign:
            subject = f"campaign {campaigns.get_campaign(connection, campaign).id}"
        return audit.newest(connection, subject=subject, limit=limit)

    return in_transaction(engine, step)


def attempt_tokens(engine: Engine) -> dict[UUID, AttemptState]:
    """The token of every attempt ever begun, and where it stands."""
    return in_transaction(engine, requests.attempt_tokens)

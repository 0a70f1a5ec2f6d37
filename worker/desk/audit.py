"""The auditor's lists: who did what, and what can be compared with the providers' own books."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from worker.desk import campaigns
from worker.desk.visibility import refuse_unseen_batch, refuse_unseen_campaign
from worker.domain.audit import AuditEntry
from worker.domain.statuses import AttemptState
from worker.store import audit, requests
from worker.store.audit import AuditQuery
from worker.store.connect import Connection, Engine, in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAsked:
    """A query for deeds; None asks for any.

    `batch`, `campaign`: what was done to it; a campaign by its name or id. `by`: what this person, or part
    of the system, did. `since`: from then on, or so long ago at most.
    """

    batch: str | None = None
    campaign: str | None = None
    by: str | None = None
    since: datetime | timedelta | None = None
    limit: int = 50


def list_audit(
    engine: Engine, *, batch: str | None = None, campaign: str | None = None, limit: int = 50
) -> list[AuditEntry]:
    """The latest deeds, newest first; to one batch, or to one campaign by its name or id, if asked.

    Raises:
        UnknownCampaign: there is none.
    """
    return list_audit_seen(engine, None, AuditAsked(batch=batch, campaign=campaign, limit=limit))


def list_audit_seen(engine: Engine, only: int | None, asked: AuditAsked) -> list[AuditEntry]:
    """The same for somebody who sees one campaign alone: what was done to it and to its batches.

    Raises:
        UnknownBatch, UnknownCampaign: there is none that they may see.
    """
    if asked.batch is not None:
        refuse_unseen_batch(engine, asked.batch, only)
    if asked.campaign is not None:
        refuse_unseen_campaign(engine, asked.campaign, only)

    def step(connection: Connection) -> list[AuditEntry]:
        subject = _subject(connection, asked)
        query = AuditQuery(subject=subject, by=asked.by, since=asked.since, of_campaign=only)
        return audit.newest(connection, query, limit=asked.limit)

    return in_transaction(engine, step)


def _subject(connection: Connection, asked: AuditAsked) -> str | None:
    if asked.campaign is not None:
        return f"campaign {campaigns.get_campaign(connection, asked.campaign).id}"
    return None if asked.batch is None else f"batch {asked.batch}"


def attempt_tokens(engine: Engine) -> dict[UUID, AttemptState]:
    """The token of every attempt ever begun, and where it stands."""
    return in_transaction(engine, requests.attempt_tokens)

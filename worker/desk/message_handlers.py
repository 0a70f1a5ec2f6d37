"""Handlers of messages: each runs in the transaction that remembers the message."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import structlog

from worker.desk import batches, campaigns, sessions
from worker.desk.additions import add_in
from worker.desk.request_actions import remove_in
from worker.desk.retries import retry_in
from worker.desk.suppression_lifts import lift_in
from worker.desk.suppressions import suppress_in
from worker.domain.audit import Deed
from worker.domain.consent.suppression import Act, Source
from worker.domain.contract.messages import (
    AddRequests,
    CreateBatch,
    CreateCampaign,
    DeleteBatch,
    DispatchBatch,
    Payload,
    RecordSession,
    RemoveRequests,
    RetryRequests,
    Suppress,
    Unsuppress,
    UpdateBatch,
    UpdateCampaign,
)
from worker.store.connect import Connection

log = structlog.get_logger()

Effect = Callable[[Connection, Any], object]


def create_campaign(connection: Connection, message: CreateCampaign) -> None:
    """A new campaign."""
    campaigns.create_in(connection, _without(message, "last_updated_by"), by=message.by)


def update_campaign(connection: Connection, message: Any) -> None:  # noqa: ANN401  made from fields
    """Changes to a campaign; its name is a change only where its id is given too."""
    changes = dict(message.named)
    number = changes.pop("id", None)
    if number is None:
        number = campaigns.id_named(connection, changes.pop("campaign_name"))
    campaigns.update_in(connection, number, changes, by=message.by)


def create_batch(connection: Connection, message: CreateBatch) -> None:
    """A new batch with its first requests."""
    fields = _without(message, "last_updated_by", "requests", "campaign_name")
    if message.campaign_name is not None:
        fields["campaign_id"] = campaigns.id_named(connection, message.campaign_name)
    new = batches.create_in(connection, fields, by=message.by, requests=message.requests)
    if new and message.requests:
        add_in(connection, message.batch_id, message.requests, by=message.by)


def add_requests(connection: Connection, message: AddRequests) -> None:
    """More requests."""
    replace = message.replace
    changed = add_in(connection, message.batch_id, message.requests, by=message.by, replace=replace)
    if changed:
        deed = Deed.REPLACE if replace else Deed.ADD
        batches.note(connection, deed, message.batch_id, message.by, detail={"requests": changed})


def update_batch(connection: Connection, message: UpdateBatch) -> None:
    """Changes to a batch."""
    changes = {name: value for name, value in message.named.items() if name != "batch_id"}
    batches.update_in(connection, message.batch_id, changes, by=message.by)


def delete_batch(connection: Connection, message: DeleteBatch) -> None:
    """The end of a batch."""
    reason = message.deleted_reason
    batches.delete_in(connection, message.batch_id, reason=reason, by=message.by)


def remove_requests(connection: Connection, message: RemoveRequests) -> None:
    """Requests that are not wanted any more."""
    remove_in(connection, message.batch_id, message.reference_ids, by=message.by)


def retry_requests(connection: Connection, message: RetryRequests) -> None:
    """Requests that are to be attempted once more."""
    named = message.reference_ids
    retried = retry_in(
        connection,
        message.batch_id,
        reference_ids=named,
        by=message.by,
        including_doubt=message.including_doubt,
    )
    if retried.passed_over:
        log.warning(
            "retry_passed_over_doubts", batch_id=message.batch_id, requests=retried.passed_over
        )


def dispatch_batch(connection: Connection, message: DispatchBatch) -> None:
    """Nothing to store: the door scans it after the commit."""
    batches.get_batch(connection, message.batch_id)


def record_session(connection: Connection, message: RecordSession) -> None:
    """Record the id that a conversation is known by."""
    if message.call_manager_sid:
        request = sessions.by_sid(connection, message.call_manager_sid)
    else:
        assert message.batch_id
        assert message.reference_id
        request = sessions.by_reference(connection, message.batch_id, message.reference_id)
    ids = {"session_id": message.session_id, "conversation_id": message.conversation_id}
    sessions.record_in(connection, request, **ids)


def suppress(connection: Connection, message: Suppress) -> None:
    """Somebody who must not be contacted."""
    act = Act(Source.MESSAGE, str(uuid4()), message.by)
    suppress_in(connection, message.mode, message.target, reason=message.reason, act=act)


def unsuppress(connection: Connection, message: Unsuppress) -> None:
    """Somebody who may be contacted again."""
    lift_in(
        connection,
        message.mode,
        message.target,
        suppression=message.suppression,
        suppressed_at=message.suppressed_at,
        by=message.by,
        why=message.reason,
    )


EFFECTS: dict[type[Payload], Effect] = {
    CreateCampaign: create_campaign,
    UpdateCampaign: update_campaign,
    CreateBatch: create_batch,
    AddRequests: add_requests,
    UpdateBatch: update_batch,
    DeleteBatch: delete_batch,
    RemoveRequests: remove_requests,
    RetryRequests: retry_requests,
    DispatchBatch: dispatch_batch,
    RecordSession: record_session,
    Suppress: suppress,
    Unsuppress: unsuppress,
}


def _without(message: Payload, *names: str) -> dict[str, object]:
    return message.model_dump(exclude=set(names))

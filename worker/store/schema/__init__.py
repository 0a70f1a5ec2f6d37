"""The tables, and what must never be true of them.

Three habits explain the shapes:

* Counts, pacing and other facts that change with every send never live on the batch row, which
  begin locks; and no index names a request column that dispatch changes, so its updates stay HOT.
* A row of `queue` exists exactly while its request is PENDING; the due time lives only there.
* Where a state implies a column, a CHECK says so; where only one may exist, a unique index does.
"""

from worker.store.schema.accounts import account_answers, account_health
from worker.store.schema.attempts import attempt, inbox, sid, unjudged
from worker.store.schema.audits import audit, audit_seal, audit_unsealed
from worker.store.schema.batches import batch, batch_pace
from worker.store.schema.bulk import bulk_deed
from worker.store.schema.campaigns import campaign
from worker.store.schema.control import (
    dead_letter,
    duty,
    fold,
    halt,
    message,
    process,
    pulse,
    tally,
    tally_slot,
    youngest_removed,
)
from worker.store.schema.conventions import metadata
from worker.store.schema.history import begun_count, request_count, transition
from worker.store.schema.keys import access_key, once_call
from worker.store.schema.people import (
    archived_attempt,
    daily_segments,
    heard_act,
    kept_source,
    recipient,
    start_message,
    suppression,
)
from worker.store.schema.requests import queue, request
from worker.store.schema.signing_in import console_link, console_session
from worker.store.schema.uploads import upload, upload_part
from worker.store.schema.webhooks import webhook_delivery

__all__ = [
    "access_key",
    "account_answers",
    "account_health",
    "archived_attempt",
    "attempt",
    "audit",
    "audit_seal",
    "audit_unsealed",
    "batch",
    "batch_pace",
    "begun_count",
    "bulk_deed",
    "campaign",
    "console_link",
    "console_session",
    "daily_segments",
    "dead_letter",
    "duty",
    "fold",
    "halt",
    "heard_act",
    "inbox",
    "kept_source",
    "message",
    "metadata",
    "once_call",
    "process",
    "pulse",
    "queue",
    "recipient",
    "request",
    "request_count",
    "sid",
    "start_message",
    "suppression",
    "tally",
    "tally_slot",
    "transition",
    "unjudged",
    "upload",
    "upload_part",
    "webhook_delivery",
    "youngest_removed",
]

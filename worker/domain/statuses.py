"""The vocabulary of states, one sentence each, and the table of moves between them."""

from enum import StrEnum


class Channel(StrEnum):
    """The channel a campaign uses; also the name of its delivery queue."""

    VOICE = "voice"
    SMS = "sms"
    EMAIL = "email"


class BatchStatus(StrEnum):
    """The status of a batch by its facts. Never stored; see `worker.domain.contract.batches`."""

    CANCELED = "CANCELED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    PAUSED = "PAUSED"
    ACTIVE = "ACTIVE"
    PENDING = "PENDING"


class RequestStatus(StrEnum):
    """The status of a request."""

    PENDING = "PENDING"
    """Waiting to be attempted, first time or again; it has a row in the queue."""
    INITIATED = "INITIATED"
    """An attempt has begun; it may have reached the provider, also while in doubt."""
    CONNECTED = "CONNECTED"
    """The call was answered."""
    COMPLETED = "COMPLETED"
    """The answered call ended, or the message was delivered and nothing contradicts it."""
    FAILED = "FAILED"
    """It could not be delivered and no retry is left."""
    CANCELED = "CANCELED"
    """Removed, or its batch deleted or expired, before anybody was contacted."""
    DUPLICATE = "DUPLICATE"
    """Another request of the batch has the same address; judged as it comes in or is replaced."""
    INVALID = "INVALID"
    """The target is not a reachable number or mailbox."""
    SKIPPED = "SKIPPED"
    """Policy forbids it: suppressed, opted out, filtered."""


FINAL = frozenset(RequestStatus) - {
    RequestStatus.PENDING,
    RequestStatus.INITIATED,
    RequestStatus.CONNECTED,
}

_S = RequestStatus
REPLACEABLE = frozenset({_S.PENDING, _S.INVALID, _S.DUPLICATE, _S.CANCELED})
"""What a corrected row may replace, while it has no attempt at all; then it is judged as a new one."""

ARRIVALS = frozenset({_S.PENDING, _S.INVALID, _S.DUPLICATE, _S.SKIPPED})
"""As what a request may come in."""
JUDGED_ANEW = frozenset({_S.PENDING, _S.DUPLICATE, _S.SKIPPED})
"""What a replaced one may become, which may be what it was."""

# From each status, where a request may go. Later evidence of the same attempt may still revise a
# final status that this attempt reached; CANCELED, DUPLICATE and finals judged at ingest move only when
# they are replaced, or what they repeated is. The database refuses every other move: a CHECK of its
# history is made of this table.
TRANSITIONS: dict[RequestStatus, frozenset[RequestStatus]] = {
    _S.PENDING: frozenset(_S) - {_S.PENDING},
    _S.INITIATED: frozenset(_S) - {_S.INITIATED, _S.DUPLICATE},
    _S.CONNECTED: frozenset(_S) - {_S.CONNECTED, _S.DUPLICATE},
    _S.COMPLETED: frozenset(_S) - {_S.COMPLETED, _S.INITIATED, _S.CONNECTED, _S.DUPLICATE},
    _S.FAILED: frozenset(_S) - {_S.FAILED, _S.DUPLICATE},
    _S.INVALID: frozenset(_S) - {_S.INVALID},
    _S.SKIPPED: frozenset(_S) - {_S.SKIPPED, _S.DUPLICATE},
    _S.CANCELED: JUDGED_ANEW,
    _S.DUPLICATE: JUDGED_ANEW - {_S.DUPLICATE},
}


class AttemptState(StrEnum):
    """The state of one attempt. A row exists before the provider is asked."""

    SENDING = "SENDING"
    """Begun; a worker holds the ticket. A crash leaves it here until rescue looks."""
    IN_DOUBT = "IN_DOUBT"
    """It may or may not have reached the provider; never re-sent blindly."""
    ACCEPTED = "ACCEPTED"
    """The provider gave a sid; its final word is awaited."""
    DONE = "DONE"
    """A final event arrived, or silence was judged."""
    REFUSED = "REFUSED"
    """The provider judged this recipient or content and refused. Counted: it uses a retry."""
    NOT_SENT = "NOT_SENT"
    """Proven never accepted. Not counted."""
    UNRESOLVED = "UNRESOLVED"
    """Policy closed a doubt: at most one contact, nobody knows. Never re-sent for call and SMS."""


IN_FLIGHT = frozenset({AttemptState.SENDING, AttemptState.IN_DOUBT})
"""At most one such attempt per recipient: that is what makes asking the provider unambiguous."""


class Cause(StrEnum):
    """The cause that moved a request; recorded with every transition."""

    INGEST = "ingest"
    DISPATCH = "dispatch"
    CALLBACK = "callback"
    RECONCILE = "reconcile"
    INFERENCE = "inference"
    OPERATOR = "operator"
    EXPIRY = "expiry"
    RETRY = "retry"


class ChannelStatus(StrEnum):
    """`channel_manager_status`: the fine-grained outcome, in the wire's spelling."""

    PENDING = "PENDING"
    DUPLICATE = "DUPLICATE"
    INVALID = "INVALID"
    UNEXPECTED_ERROR = "UNEXPECTED_ERROR"
    FILTERED_LINE_TYPE = "FILTERED_LINE_TYPE"
    NO_OUTCOME = "NO_OUTCOME"
    PROCESSED = "PROCESSED"
    DROPPED = "DROPPED"
    DEFERRED = "DEFERRED"
    BOUNCED = "BOUNCED"
    DELIVERED = "DELIVERED"
    OPENED = "OPENED"
    CLICKED = "CLICKED"
    SPAM_REPORT = "SPAM_REPORT"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    PRIOR_UNSUBSCRIBED = "PRIOR_UNSUBSCRIBED"
    PRIOR_SPAM_REPORT = "PRIOR_SPAM_REPORT"
    PRIOR_DROPPED = "PRIOR_DROPPED"
    PRIOR_BOUNCED = "PRIOR_BOUNCED"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    UNDELIVERED = "UNDELIVERED"
    DELIVERY_UNKNOWN = "DELIVERY_UNKNOWN"
    DELIVERY_FAILED = "DELIVERY_FAILED"
    IN_PROGRESS = "IN-PROGRESS"
    BUSY = "BUSY"
    CANCELED = "CANCELED"
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    NO_ANSWER = "NO-ANSWER"
    MACHINE = "MACHINE"
    HUMAN = "HUMAN"
    UNKNOWN = "UNKNOWN"
    FAILED = "FAILED"
    SIP_NOT_FOUND = "SIP_NOT_FOUND"
    SIP_TEMPORARILY_UNAVAILABLE = "SIP_TEMPORARILY_UNAVAILABLE"
    SIP_LOOP_DETECTED = "SIP_LOOP_DETECTED"
    SIP_DOES_NOT_EXIST_ANYWHERE = "SIP_DOES_NOT_EXIST_ANYWHERE"


class SuppressReason(StrEnum):
    """The reason why a recipient must not be contacted on a channel."""

    UNSUBSCRIBED = "unsubscribed"
    SPAM_REPORT = "spam_report"
    BOUNCED = "bounced"
    DROPPED = "dropped"


PRIOR: dict[SuppressReason, ChannelStatus] = {
    SuppressReason.UNSUBSCRIBED: ChannelStatus.PRIOR_UNSUBSCRIBED,
    SuppressReason.SPAM_REPORT: ChannelStatus.PRIOR_SPAM_REPORT,
    SuppressReason.BOUNCED: ChannelStatus.PRIOR_BOUNCED,
    SuppressReason.DROPPED: ChannelStatus.PRIOR_DROPPED,
}
"""What a request shows when it is SKIPPED because of an earlier suppression."""

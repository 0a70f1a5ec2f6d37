"""Asking Twilio about an attempt: by sid where one is known, else by who was to be reached."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from worker.domain.content.tickets import LookupRequest
from worker.domain.evidence.lookups import Lookup, Matches, Undecided
from worker.domain.evidence.reports import Report
from worker.domain.recipients.stored_spellings import spellings

if TYPE_CHECKING:  # the process that only reads reports needs no SDK
    from worker.providers.twilio_client import TwilioAccount

# One page. A list as long as this may have been cut, and a cut list proves nothing.
LISTED = 200

# Added to the attempt's age. Both ends are on the provider's clock (its Date header, its date_created),
# so this only covers the time since the age was read, with other inquiries asked in between. Too
# short would call an existing call absent; too long only makes more candidates.
SLACK = timedelta(minutes=15)

Reader = Callable[[Any, UUID], Report | None]


async def look_up(
    account: "TwilioAccount",
    resource: Any,  # noqa: ANN401  CallList and MessageList share no type
    inquiry: LookupRequest,
    read: Reader,
) -> Lookup:
    """Ask what Twilio knows of an attempt.

    Args:
        account: to ask through.
        resource: its calls or its messages.
        inquiry: the attempt.
        read: makes a report of a record; None where it can't be read.
    """
    if inquiry.sid:
        return await _by_sid(account, resource, inquiry.sid, inquiry.token, read)
    # No date filter: a call not yet dialed has no start, a message not yet sent no date, and would be
    # missed. No filter by sender either: what else reached this person makes us careful, not blind.
    recent: dict[str, Any] = {}
    for spelling in spellings(inquiry.address):
        listing = resource.list_async(to=spelling, limit=LISTED, page_size=LISTED)
        listed = await account.ask(listing)
        if isinstance(listed, Undecided):
            return listed
        records, now = listed
        if len(records) >= LISTED:
            return Undecided("truncated")
        earliest = now - inquiry.age - SLACK
        recent |= {str(one.sid): one for one in records if _could_be(one, earliest)}
    return _candidates(list(recent.values()), inquiry, read)


async def _by_sid(
    account: "TwilioAccount",
    resource: Any,  # noqa: ANN401  see above
    sid: str,
    token: UUID,
    read: Reader,
) -> Lookup:
    fetched = await account.ask(resource(sid).fetch_async())
    if isinstance(fetched, Undecided):
        return fetched
    report = read(fetched[0], token)
    if report is None or report.sid != sid:
        return Undecided("unreadable")
    return Matches((report,))


def _could_be(record: Any, earliest: datetime) -> bool:  # noqa: ANN401  see above
    """Return whether it was created through the API since then; where the record does not say, it may be."""
    made_by_us = record.direction in {None, "outbound-api"}
    return made_by_us and (record.date_created is None or record.date_created >= earliest)


def _candidates(records: Sequence[Any], inquiry: LookupRequest, read: Reader) -> Lookup:
    ours = [one for one in records if sender_of(one) in {None, inquiry.source}]
    other_senders = tuple(str(one.sid) for one in records if one not in ours)
    reports = [read(record, inquiry.token) for record in ours]
    known = [report for report in reports if report is not None]
    if len(known) < len(reports):
        return Undecided("unreadable")
    return Matches(tuple(known), other_senders)


def sender_of(record: Any) -> str | None:  # noqa: ANN401  see above
    """By what it was sent, as it was asked for: a service, whichever of its numbers Twilio chose."""
    # The SDK gives the two resources different names for From, which is a keyword of Python.
    # A call has it by this name, a message by the other.
    service = getattr(record, "messaging_service_sid", None)
    sender = service or getattr(record, "_from", None) or record.from_
    return None if sender is None else str(sender)

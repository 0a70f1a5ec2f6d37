"""Everything an account has sent since a moment, as Twilio lists it: whom our own books do not know.

https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources lists the newest first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from worker.domain.evidence.lookups import Undecided
from worker.domain.evidence.sent import Sent
from worker.providers.twilio_lookup import sender_of

if TYPE_CHECKING:  # the process that only reads reports needs no SDK
    from worker.providers.twilio_client import TwilioAccount

PAGE = 1_000
SLACK = timedelta(minutes=15)
"""What is listed a little out of order, or by a clock that differs, is still found."""


async def list_since(
    account: "TwilioAccount",
    resource: Any,  # noqa: ANN401  CallList and MessageList share no type
    since: datetime,
) -> list[Sent] | Undecided:
    """List what was made through the API since then; nothing less than all of it.

    Args:
        account: to ask through.
        resource: its calls or its messages.
        since: by any clock that is right within minutes.
    """
    found: dict[str, Sent] = {}
    earliest = since - SLACK
    # No date filter: what was not dialed or sent yet has no date, and would be missed.
    question = resource.page_async(page_size=PAGE)
    while True:
        asked = await account.ask(question)
        if isinstance(asked, Undecided):
            return asked
        page, _ = asked
        try:
            records = list(page)
        except (ValueError, TypeError, AttributeError, LookupError):
            return Undecided("garbled")
        found |= {one.sid: one for one in _read(records, earliest)}
        if not page.next_page_url or _are_older(records, earliest):
            return list(found.values())
        question = resource.get_page_async(page.next_page_url)


def _read(records: Sequence[Any], earliest: datetime) -> list[Sent]:
    """Whoever does not say when or which way it went may be ours."""
    return [
        Sent(str(one.sid), str(one.to), sender_of(one))
        for one in records
        if one.direction in {None, "outbound-api"}
        and (one.date_created is None or one.date_created >= earliest)
    ]


def _are_older(records: Sequence[Any], earliest: datetime) -> bool:
    return all(one.date_created is not None and one.date_created < earliest for one in records)

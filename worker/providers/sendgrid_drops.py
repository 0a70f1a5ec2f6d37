"""Drops: SendGrid took a mail and did not try, for the recipient, the words, the sender or the account."""

from worker.domain.evidence.reports import Meaning
from worker.domain.statuses import ChannelStatus, SuppressReason
from worker.providers.status_map import Refinement

# https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event#dropped
DROP_REASONS: dict[str, tuple[Refinement, SuppressReason | None]] = {
    "Unsubscribed Address": (
        Refinement(Meaning.OPTED_OUT, ChannelStatus.UNSUBSCRIBED),
        SuppressReason.UNSUBSCRIBED,
    ),
    "Spam Reporting Address": (
        Refinement(Meaning.OPTED_OUT, ChannelStatus.SPAM_REPORT),
        SuppressReason.SPAM_REPORT,
    ),
    "Bounced Address": (
        Refinement(Meaning.INVALID, ChannelStatus.BOUNCED),
        SuppressReason.BOUNCED,
    ),
    "Invalid": (Refinement(Meaning.INVALID, ChannelStatus.DROPPED), SuppressReason.DROPPED),
    # Of the words, of the form that all mails of a campaign have, of the account: no recipient is meant.
    "Spam Content": (Refinement(Meaning.UNDELIVERABLE, ChannelStatus.DROPPED), None),
    "Invalid SMTPAPI header": (Refinement(Meaning.SENDER_BARRED, ChannelStatus.DROPPED), None),
    "Recipient List over Package Quota": (
        Refinement(Meaning.ACCOUNT_BARRED, ChannelStatus.DROPPED),
        None,
    ),
}

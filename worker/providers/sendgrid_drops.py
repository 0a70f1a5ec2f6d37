"""Meanings of what SendGrid did not deliver: a drop was not tried at all, a block was refused this once."""

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

# https://www.twilio.com/docs/sendgrid/ui/analytics-and-reporting/bounce-and-block-classifications
# A block for what we say or who we are would be repeated.
BLOCKS: dict[str, Meaning] = {
    "Content": Meaning.UNDELIVERABLE,
    "Reputation": Meaning.UNDELIVERABLE,
    "Frequency or Volume Too High": Meaning.MISSED,
    "Invalid Address": Meaning.MISSED,
    "Mailbox Unavailable": Meaning.MISSED,
    "Technical": Meaning.MISSED,
    "Unclassified": Meaning.MISSED,
}
"""By classification; what is refused this once is tried again where no row says otherwise."""

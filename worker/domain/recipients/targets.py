"""Reading of targets: each names a number in E.164, a mailbox with a lower-cased domain, or nobody."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from worker.domain.recipients.phone_fast_path import quickly_valid
from worker.domain.recipients.phone_parsing import UnreadNumber
from worker.domain.recipients.phone_reading import read_number
from worker.domain.recipients.phone_spelling import Spelled, read_spelling, read_vanity
from worker.domain.statuses import Channel


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The reason why nobody can be reached there; never quotes the target."""

    reason: str


NORTH_AMERICA = "1"


def normalize(channel: Channel, target: str, default_region: str | None) -> str | Unreachable:
    """The address a target names, equal for equal recipients of a channel.

    Args:
        channel: voice, sms or email.
        target: as the operator wrote it.
        default_region: ISO 3166 code of the country that numbers without a + belong to.
    """
    if channel is Channel.EMAIL:
        return _mailbox(target.strip())
    return quickly_valid(target, default_region) or _number(target, default_region)


def _number(target: str, default_region: str | None) -> str | Unreachable:
    spelled = read_spelling(target)
    region = default_region
    if isinstance(spelled, str) and (digits := read_vanity(target)):
        spelled, region = Spelled((NORTH_AMERICA, digits), has_plus=True), None
    if isinstance(spelled, str):
        return Unreachable(spelled)
    try:
        return read_number(spelled, region)
    except UnreadNumber as fault:
        return Unreachable(str(fault))


def _mailbox(target: str) -> str | Unreachable:
    try:
        # Without asking DNS: an upload must not wait for it, and its answer may change before the mail.
        found = validate_email(
            target, check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError:
        return Unreachable("is not a mailbox")
    return f"{found.local_part}@{found.ascii_domain.lower()}"

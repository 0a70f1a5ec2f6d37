"""The ways out that a mail's list header offers: one click, and a mail where somebody reads them.

RFC 8058 and RFC 2369: large mailbox providers want both, and hide mail that lacks the first.
"""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from urllib.parse import quote
from uuid import UUID

from worker.domain.content.tickets import Ticket

TOKEN = r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"  # noqa: S105  a pattern
_SUBJECT = re.compile(rf"\s*unsubscribe\s+{TOKEN}\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WaysOut:
    """The addresses at which recipients ask to be left alone. `mailbox`: empty where nobody reads one."""

    public_url: str
    mailbox: str = ""

    def headers(self, ticket: Ticket) -> dict[str, str]:
        """The headers of the mail with this ticket's token."""
        offered = [f"<{self.public_url}/unsubscribe/{ticket.token}{ticket.query}>"]
        if self.mailbox:
            subject = quote(f"unsubscribe {ticket.token}")
            offered.append(f"<mailto:{quote(self.mailbox, safe='@+')}?subject={subject}>")
        return {
            "List-Unsubscribe": ", ".join(offered),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


def read_unsubscribing(raw: bytes) -> UUID | None:
    """Read a mail to that mailbox; None: it does not ask to be left alone with a token of ours.

    Args:
        raw: the whole mail, as the mailbox got it.
    """
    try:
        subject = str(message_from_bytes(raw, policy=policy.default)["Subject"] or "")
    except (ValueError, LookupError):  # whoever writes there chooses what the library trips over
        return None
    found = _SUBJECT.fullmatch(subject)
    return UUID(found[1]) if found else None

"""Telling an operator by mail or chat, over any service that apprise speaks."""

import logging

from apprise import Apprise, NotifyType

# What it logs names the addresses that it is given.
logging.getLogger("apprise").setLevel(logging.CRITICAL)


def is_understood(address: str) -> bool:
    """Return whether an address is one that apprise knows."""
    return Apprise.instantiate(address, suppress_exceptions=True) is not None


def tell(address: str, title: str, body: str, *, bad: bool) -> bool:
    """Tell whoever is behind an address. Returns whether it was taken."""
    notices = Apprise()
    kind = NotifyType.FAILURE if bad else NotifyType.SUCCESS
    return bool(notices.add(address) and notices.notify(title=title, body=body, notify_type=kind))

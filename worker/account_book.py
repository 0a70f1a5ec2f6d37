"""The accounts of ACCOUNTS_FILE as it stands: read again once it, or a secret's file, has changed."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from threading import Lock
from time import monotonic

import structlog

from config.accounts import AccountsError, Keys, TwilioKeys, files_of, read_accounts
from worker.domain.statuses import Channel

log = structlog.get_logger()

LOOK_EVERY = 1.0
"""Seconds between looks at the files' times."""

CARRIED: Mapping[str, Collection[Channel]] = {
    "twilio": (Channel.VOICE, Channel.SMS),
    "sendgrid": (Channel.EMAIL,),
    "smtp": (Channel.EMAIL,),
}
"""By a kind of account: its channels."""

Stamp = tuple[tuple[str, int, int, int], ...]


class AccountBook:
    """Accounts by name. What can't be used is told once, and what was read before stays in force."""

    def __init__(self, file: Path | None, clock: Callable[[], float] = monotonic) -> None:
        self._file = file
        self._clock = clock
        self._look_at = 0.0
        self._stamp: Stamp = ()
        self._accounts: Mapping[str, Keys] = {}
        self._looking = Lock()

    def current(self) -> Mapping[str, Keys]:
        """The accounts beside the main one."""
        if self._file is not None and self._clock() >= self._look_at:
            with self._looking:
                self._look(self._file)
        return self._accounts

    def rate_of(self, account: str, channel: Channel) -> float:
        """Requests a second; 0: any number."""
        keys = self.current().get(account)
        return keys.rate_of(channel.value) if keys else 0.0

    def auth_tokens_of(self, account_sid: str) -> list[str]:
        """What Twilio may sign this account's callbacks with; nothing, where it is none of these."""
        return [
            token
            for keys in self.current().values()
            if isinstance(keys, TwilioKeys) and keys.account_sid == account_sid
            for token in keys.auth_tokens
        ]

    def _look(self, file: Path) -> None:
        self._look_at = self._clock() + LOOK_EVERY
        try:
            stamp = _stamp_of(file)
            if stamp != self._stamp:
                # Kept first: what can't be used is not read again until it changes.
                self._stamp = stamp
                self._accounts = read_accounts(file)
        except AccountsError as error:
            log.error("accounts_unusable", faults=error.faults)


def _stamp_of(file: Path) -> Stamp:
    """A value that changes with any of the files.

    Raises:
        AccountsError: the first of them can't be read.
    """
    times = []
    for one in files_of(file):
        try:
            found = one.stat()
        except OSError:
            times.append((str(one), 0, 0, 0))
        else:
            times.append((str(one), found.st_mtime_ns, found.st_size, found.st_ino))
    return tuple(times)

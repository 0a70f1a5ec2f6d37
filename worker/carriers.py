"""Connects the carriers of calls, texts and mail, by the settings and by ACCOUNTS_FILE."""

import asyncio
from collections.abc import Collection
from threading import Lock
from urllib.parse import urlsplit

from config.accounts import Keys, SendGridKeys, SmtpKeys, TwilioKeys
from config.settings import Settings
from worker.account_book import CARRIED, AccountBook
from worker.domain.consent.start_messages import Recalled, Received
from worker.domain.evidence.lookups import Undecided
from worker.domain.statuses import Channel
from worker.providers import CallsProvider, MailsProvider, Provider, TextsProvider, UnknownAccount
from worker.providers.account_providers import OneAccount, by_sendgrid, by_smtp, by_twilio
from worker.providers.connected import ConnectedProviders, connect
from worker.providers.list_unsubscribe import WaysOut
from worker.providers.smtp_connections import MailServer
from worker.providers.smtp_transport import SmtpTransport


class Carriers:
    """The providers of the main account, and of those beside it as the book has them now.

    Must be made inside the event loop that will use it.
    """

    def __init__(self, settings: Settings, book: AccountBook) -> None:
        self._settings = settings
        self._book = book
        self._main = _connect_main(settings)
        self._made: dict[str, tuple[Keys, OneAccount]] = {}
        self._replaced: list[SmtpTransport] = []
        self._making = Lock()
        self._loop = asyncio.get_running_loop()

    @property
    def voice(self) -> CallsProvider:
        """Calls."""
        return self._main.voice

    @property
    def sms(self) -> TextsProvider:
        """Texts."""
        return self._main.sms

    @property
    def email(self) -> MailsProvider:
        """Mails."""
        return self._main.email

    def __getitem__(self, channel: Channel) -> Provider:
        return self._main[channel]

    @property
    def groups(self) -> bool:
        """Return whether mails may share a request."""
        return self._main.groups

    def channels_of(self, account: str) -> Collection[Channel]:
        """What this account carries; nothing, where it is not known."""
        keys = self._book.current().get(account)
        return CARRIED[keys.kind] if keys else ()

    def of(self, account: str) -> OneAccount:
        """Those of an account beside the main one; new ones, once its keys have changed.

        Raises:
            UnknownAccount: there is none of this name.
        """
        keys = self._book.current().get(account)
        if keys is None:
            raise UnknownAccount(account)
        made = self._made.get(account)
        if made is not None and made[0] == keys:
            return made[1]
        return self._make_in_loop(account, keys)

    async def recall(self, sid: str) -> Recalled:
        """Ask one account after the other who wrote an incoming message, and when.

        Where none of them has it, what the main one said stands.
        """
        told = await self.sms.recall(sid)
        for name, keys in self._book.current().items():
            if isinstance(told, Undecided) and isinstance(keys, TwilioKeys):
                other = await self.of(name).sms.recall(sid)
                told = other if isinstance(other, Received) else told
        return told

    def _make_in_loop(self, account: str, keys: Keys) -> OneAccount:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            made = self._make_later(account, keys)
            return asyncio.run_coroutine_threadsafe(made, self._loop).result()
        return self._make(account, keys)

    async def _make_later(self, account: str, keys: Keys) -> OneAccount:
        return self._make(account, keys)

    def _make(self, account: str, keys: Keys) -> OneAccount:
        with self._making:
            before = self._made.get(account)
            if before is not None and before[0] == keys:
                return before[1]
            if before is not None and before[1].smtp is not None:
                # What is on its way by it ends as it began; it is closed with all others.
                self._replaced.append(before[1].smtp)
            made = self._connect(keys)
            self._made[account] = keys, made
            return made

    def _connect(self, keys: Keys) -> OneAccount:
        public_url, transport = self._settings.public_url, self._main.transport
        ways_out = WaysOut(public_url, self._settings.unsubscribe_mailbox or "")
        match keys:
            case TwilioKeys():
                return by_twilio(
                    transport,
                    api_url=keys.api_url,
                    account_sid=keys.account_sid,
                    auth_token=keys.auth_token.get_secret_value(),
                    public_url=public_url,
                )
            case SendGridKeys(api_url=api_url, api_key=key):
                api_key = key.get_secret_value()
                return by_sendgrid(transport, api_url=api_url, api_key=api_key, ways_out=ways_out)
            case SmtpKeys():
                return by_smtp(_smtp_transport(self._settings, keys), ways_out)

    async def close(self) -> None:
        """Close every connection."""
        made = [one.smtp for _, one in self._made.values() if one.smtp is not None]
        for smtp in (*made, *self._replaced):
            await smtp.close()
        await self._main.close()


def connect_carriers(settings: Settings, book: AccountBook) -> Carriers:
    """The providers of all channels; must be called inside the event loop that will use them."""
    return Carriers(settings, book)


def _connect_main(settings: Settings) -> ConnectedProviders:
    timing = settings.timing
    return connect(
        twilio_api_url=settings.twilio_api_url,
        twilio_account_sid=settings.twilio_account_sid,
        twilio_auth_token=settings.twilio_auth_token.get_secret_value(),
        sendgrid_api_url=settings.sendgrid_api_url,
        sendgrid_api_key=settings.sendgrid_api_key.get_secret_value(),
        public_url=settings.public_url,
        unsubscribe_mailbox=settings.unsubscribe_mailbox or "",
        connect_timeout=timing.connect_timeout,
        read_timeout=timing.read_timeout,
        # A socket for everything that can be begun at once: no ticket waits for one.
        limit=settings.worker_threads * settings.chunk_size,
        longest_absence=timing.lease,
        mail_server=_mail_server(settings),
    )


def _mail_server(settings: Settings) -> MailServer | None:
    """The server that mail goes to, and as whom; None: SendGrid carries it."""
    if not settings.by_smtp or settings.smtp_host is None:
        return None
    password = settings.smtp_password
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user or "",
        password=password.get_secret_value() if password else "",
        ca_file=settings.smtp_ca_file,
        return_path=settings.smtp_return_path or "",
        connections=settings.smtp_connections,
    )


def _smtp_transport(settings: Settings, keys: SmtpKeys) -> SmtpTransport:
    server = MailServer(
        host=keys.host,
        port=keys.port,
        user=keys.user,
        password=keys.password.get_secret_value() if keys.password else "",
        ca_file=keys.ca_file,
        return_path=keys.return_path,
        connections=keys.connections,
    )
    return SmtpTransport(
        server,
        own_name=urlsplit(settings.public_url).hostname or "localhost",
        connect_timeout=settings.timing.connect_timeout,
        read_timeout=settings.timing.read_timeout,
        longest_absence=settings.timing.lease,
    )

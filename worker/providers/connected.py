"""Everybody who carries a channel, connected: the one file that imports all SDKs."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import assert_never
from urllib.parse import urlsplit

from worker.domain.consent.start_messages import Recalled
from worker.domain.statuses import Channel
from worker.providers import AccountProviders, MailsProvider, Provider, UnknownAccount
from worker.providers.email import EmailProvider
from worker.providers.list_unsubscribe import WaysOut
from worker.providers.sendgrid_client import SendGridAccount
from worker.providers.sms import SmsProvider
from worker.providers.smtp_connections import MailServer
from worker.providers.smtp_email import SmtpProvider
from worker.providers.smtp_transport import SmtpTransport
from worker.providers.transport import Transport
from worker.providers.twilio_client import TwilioAccount
from worker.providers.voice import VoiceProvider

# Below WARNING these log numbers, addresses, bodies and the API key.
TALKATIVE = ("twilio", "python_http_client", "sendgrid", "aiohttp")


@dataclass(frozen=True, slots=True)
class ConnectedProviders:
    """Everybody who carries a channel, over one pool of connections."""

    voice: VoiceProvider
    sms: SmsProvider
    email: MailsProvider
    transport: Transport
    smtp: SmtpTransport | None = None

    def __getitem__(self, channel: Channel) -> Provider:
        match channel:
            case Channel.VOICE:
                return self.voice
            case Channel.SMS:
                return self.sms
            case Channel.EMAIL:
                return self.email
        assert_never(channel)

    def channels_of(self, account: str) -> Collection[Channel]:  # noqa: ARG002  the protocol's signature
        """Nothing: nobody has told of another account."""
        return ()

    def of(self, account: str) -> AccountProviders:
        """Nobody.

        Raises:
            UnknownAccount: always.
        """
        raise UnknownAccount(account)

    async def recall(self, sid: str) -> Recalled:
        """Ask who wrote an incoming message, and when."""
        return await self.sms.recall(sid)

    @property
    def groups(self) -> bool:
        """Return whether mails may share a request."""
        return self.smtp is None

    async def close(self) -> None:
        """Close every connection."""
        await self.transport.close()
        if self.smtp:
            await self.smtp.close()


def connect(  # noqa: PLR0913  plain settings, each by name
    *,
    twilio_api_url: str,
    twilio_account_sid: str,
    twilio_auth_token: str,
    sendgrid_api_url: str,
    sendgrid_api_key: str,
    public_url: str,
    unsubscribe_mailbox: str = "",
    connect_timeout: float,
    read_timeout: float,
    limit: int,
    longest_absence: float = 120.0,
    mail_server: MailServer | None = None,
) -> ConnectedProviders:
    """The providers of all channels; must be called inside the event loop that will use them.

    Args:
        twilio_api_url: Twilio's address.
        twilio_account_sid: the account that calls and texts.
        twilio_auth_token: its password.
        sendgrid_api_url: SendGrid's address.
        sendgrid_api_key: its password.
        public_url: where the providers reach us.
        unsubscribe_mailbox: where mail that asks to be left alone is read; empty: nowhere.
        connect_timeout: seconds until a connection must stand.
        read_timeout: seconds from the first byte written to the last byte read.
        limit: connections open at once.
        longest_absence: seconds; a process that stood still for longer closes every connection at once.
        mail_server: what carries mail; None: SendGrid.
    """
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    transport = Transport(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        limit=limit,
        longest_absence=longest_absence,
    )
    twilio = TwilioAccount(
        transport,
        api_url=twilio_api_url,
        account_sid=twilio_account_sid,
        auth_token=twilio_auth_token,
    )
    ways_out = WaysOut(public_url, unsubscribe_mailbox)
    if mail_server is not None:
        smtp = SmtpTransport(
            mail_server,
            own_name=urlsplit(public_url).hostname or "localhost",
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            longest_absence=longest_absence,
        )
        return ConnectedProviders(
            voice=VoiceProvider(twilio, public_url=public_url),
            sms=SmsProvider(twilio, public_url=public_url),
            email=SmtpProvider(smtp, ways_out),
            transport=transport,
            smtp=smtp,
        )
    sendgrid = SendGridAccount(transport, api_url=sendgrid_api_url, api_key=sendgrid_api_key)
    return ConnectedProviders(
        voice=VoiceProvider(twilio, public_url=public_url),
        sms=SmsProvider(twilio, public_url=public_url),
        email=EmailProvider(sendgrid, ways_out),
        transport=transport,
    )

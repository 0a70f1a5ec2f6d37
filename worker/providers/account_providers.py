"""The providers of accounts beside the main one, over its pool of connections."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

from worker.domain.statuses import Channel
from worker.providers import (
    CallsProvider,
    MailsProvider,
    Provider,
    TextsProvider,
    UnknownAccount,
)
from worker.providers.email import EmailProvider
from worker.providers.list_unsubscribe import WaysOut
from worker.providers.sendgrid_client import SendGridAccount
from worker.providers.sms import SmsProvider
from worker.providers.smtp_email import SmtpProvider
from worker.providers.smtp_transport import SmtpTransport
from worker.providers.transport import Transport
from worker.providers.twilio_client import TwilioAccount
from worker.providers.voice import VoiceProvider


@dataclass(frozen=True, slots=True)
class OneAccount:
    """Everybody who carries a channel by one account."""

    by_channel: Mapping[Channel, Provider]
    groups: bool = True
    smtp: SmtpTransport | None = field(default=None)

    @property
    def channels(self) -> Collection[Channel]:
        """What it carries."""
        return self.by_channel.keys()

    def __getitem__(self, channel: Channel) -> Provider:
        if channel not in self.by_channel:
            raise UnknownAccount(channel.value)
        return self.by_channel[channel]

    @property
    def voice(self) -> CallsProvider:
        """Calls."""
        return cast(CallsProvider, self[Channel.VOICE])

    @property
    def sms(self) -> TextsProvider:
        """Texts."""
        return cast(TextsProvider, self[Channel.SMS])

    @property
    def email(self) -> MailsProvider:
        """Mails."""
        return cast(MailsProvider, self[Channel.EMAIL])


def by_twilio(
    transport: Transport, *, api_url: str, account_sid: str, auth_token: str, public_url: str
) -> OneAccount:
    """The providers of calls and texts by an account of Twilio."""
    twilio = TwilioAccount(
        transport, api_url=api_url, account_sid=account_sid, auth_token=auth_token
    )
    voice = VoiceProvider(twilio, public_url=public_url)
    return OneAccount(
        {Channel.VOICE: voice, Channel.SMS: SmsProvider(twilio, public_url=public_url)}
    )


def by_sendgrid(
    transport: Transport, *, api_url: str, api_key: str, ways_out: WaysOut
) -> OneAccount:
    """The provider of mail by an account of SendGrid."""
    sendgrid = SendGridAccount(transport, api_url=api_url, api_key=api_key)
    return OneAccount({Channel.EMAIL: EmailProvider(sendgrid, ways_out)})


def by_smtp(smtp: SmtpTransport, ways_out: WaysOut) -> OneAccount:
    """The provider of mail by a mail server."""
    return OneAccount({Channel.EMAIL: SmtpProvider(smtp, ways_out)}, groups=False, smtp=smtp)

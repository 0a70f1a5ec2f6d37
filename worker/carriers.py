"""Connects the carriers of calls, texts and mail, by the settings."""

from config.settings import Settings
from worker.providers.connected import ConnectedProviders, connect
from worker.providers.smtp_connections import MailServer


def connect_carriers(settings: Settings) -> ConnectedProviders:
    """The providers of all channels; must be called inside the event loop that will use them."""
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

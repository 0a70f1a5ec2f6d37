"""The way mail goes: by SendGrid, or by a mail server of one's own."""

from typing import Annotated, Literal, Self

from pydantic import Field, FilePath, model_validator

from config.addresses import Credential, Host, Mailbox, PublicKeys, WebAddress
from config.api_settings import ApiSettings
from config.faults import BARE_MAILBOX


class MailSettings(ApiSettings):
    """The mail server, where one is chosen."""

    sendgrid_api_key: Credential = Field(description="key with the scope mail.send")
    sendgrid_api_url: WebAddress = Field("https://api.sendgrid.com", description="SendGrid's API")
    sendgrid_webhook_key: PublicKeys = Field(
        description="public key of the signed event webhook, base64; two with a comma while one is rotated"
    )
    mail_group: int = Field(1000, ge=1, le=1000, description="recipients per request to SendGrid")

    email_provider: Literal["sendgrid", "smtp"] = Field(
        "sendgrid", description="what carries mail: SendGrid, or the mail server at SMTP_HOST"
    )
    smtp_host: Host | None = Field(
        None, description="mail server of EMAIL_PROVIDER=smtp; it must offer STARTTLS"
    )
    smtp_port: int = Field(587, ge=1, le=65_535, description="port of the mail server")
    smtp_user: str | None = Field(None, description="login there; unset: it wants none of us")
    smtp_password: Credential | None = Field(None, description="password of the login")
    smtp_ca_file: FilePath | None = Field(
        None, description="PEM file of whose certificates are good; unset: the machine's"
    )
    smtp_return_path: Mailbox | None = Field(
        None, description="mailbox that returned mail goes to; unset: the campaign's source"
    )
    unsubscribe_mailbox: Annotated[str, Field(pattern=BARE_MAILBOX)] | None = Field(
        None,
        description="mailbox of List-Unsubscribe, piped into `outreach unsubscribe`; unset: one click alone",
    )
    smtp_connections: int = Field(
        10, ge=1, le=1000, description="connections to the mail server, in each process"
    )

    @property
    def by_smtp(self) -> bool:
        """Return whether mail goes by a mail server."""
        return self.email_provider == "smtp"

    @property
    def smtp_url(self) -> str:
        """Return the mail server's address."""
        return f"smtp://{self.smtp_host}:{self.smtp_port}"

    @property
    def mail_url(self) -> str:
        """Return the address that mail goes to."""
        return self.smtp_url if self.by_smtp else self.sendgrid_api_url

    @property
    def recipients_per_mail_request(self) -> int:
        """Return how many mails may share a request; to a mail server each goes alone."""
        return 1 if self.by_smtp else self.mail_group

    @model_validator(mode="after")
    def _the_mail_server_is_whole(self) -> Self:
        if self.by_smtp and not self.smtp_host:
            raise ValueError("SMTP_HOST is not set, and EMAIL_PROVIDER=smtp needs it")
        if bool(self.smtp_user) != bool(self.smtp_password):
            raise ValueError("SMTP_USER and SMTP_PASSWORD are set together or not at all")
        return self

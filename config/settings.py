"""Every knob of a deployment once: name, type, default, help.

Values come from the environment, then from `.env`; while `make run` or `make demo KEEP=1` runs in
`STATE_DIR`, what it wrote down there stands in place of `.env`. All faults are reported together, by
name and without the offending value, which may be a secret.
"""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.account_settings import AccountSettings
from config.addresses import (
    AccountSid,
    BrokerAddress,
    Credential,
    Host,
    LimitsAddress,
    Logins,
    Mailbox,
    PostgresAddress,
    WebAddress,
    WebhookSecret,
    is_loopback,
)
from config.api_settings import ZoneName
from config.faults import SMALL_NAME, sentence
from config.names import DEFAULT, Names
from config.timing import PROFILES, Seconds, Timing
from config.watch_settings import WatchSettings

# What the sandbox accepts unless told otherwise; refused below for any address but loopback.
SANDBOX_ACCOUNT_SID = "AC" + "5a" * 16
SANDBOX_SECRET = "sandbox-" + "0" * 24


class SettingsError(Exception):
    """One or more settings are missing or wrong; each fault is a sentence that names its setting."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


# A bound, so that a slip of the finger is told; no provider takes more.
Rate = Annotated[float | None, Field(ge=0, le=100_000, allow_inf_nan=False)]


Namespace = Annotated[str, Field(pattern=SMALL_NAME, max_length=40)]


class Settings(WatchSettings, AccountSettings):
    """Settings an operator may change. `outreach doctor` shows the values in force, secrets masked."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    database_url: PostgresAddress = Field(description="PostgreSQL 17 or newer, the source of truth")
    broker_url: BrokerAddress = Field(description="Redis, Valkey or RabbitMQ: the doorbell")
    state_dir: Path = Field(Path(".outreach"), description="files this host keeps between starts")
    namespace: Namespace = Field(
        DEFAULT, description="stands in every key and queue: one for each deployment on a broker"
    )

    twilio_account_sid: AccountSid = Field(description="AC…, the account that calls and texts")
    twilio_auth_token: Credential = Field(
        description="signs callbacks; also the password of the API"
    )
    twilio_previous_auth_token: Credential | None = Field(
        None, description="still accepted on callbacks while the token is being rotated"
    )
    twilio_api_url: WebAddress = Field("https://api.twilio.com", description="Twilio's API")

    public_url: WebAddress = Field(description="where the providers reach our HTTP process")
    web_host: Host = Field("127.0.0.1", description="address the HTTP process listens on")
    web_port: int = Field(8080, ge=1, le=65_535, description="port the HTTP process listens on")
    api_host: Host = Field(
        "127.0.0.1", description="private address of metrics and readiness; never a public one"
    )
    api_port: int = Field(8081, ge=1, le=65_535, description="port of metrics and readiness")
    flower_port: int = Field(5555, ge=1, le=65_535, description="port Flower listens on")
    flower_basic_auth: Logins = Field(description="user:password of Flower's pages")

    webhook_secret: WebhookSecret | None = Field(
        None,
        description="whsec_…, signs what campaigns' webhooks are told; without it none is sent",
    )
    webhook_previous_secret: WebhookSecret | None = Field(
        None, description="signs as well, while receivers change to the new one"
    )
    webhook_allow_private: bool = Field(
        False, description="webhooks may go to private addresses and over http: for trying out"
    )

    suppress_scope: Literal["channel", "all"] = Field(
        "channel", description="all: whoever opts out by text is not called either, and the reverse"
    )

    unknown_run: int = Field(
        20,
        ge=2,
        description="failures in a row, all with one code that no table knows or that is of the words, that"
        " halt their campaign; with 20 hardly a chance of 20 people who are at fault themselves, and few"
        " attempts lost",
    )

    operator_email: Mailbox | None = Field(None, description="default for --as: last_updated_by")
    display_zone: ZoneName = Field(
        "UTC",
        description="zone in which commands tell times, like Europe/Berlin; JSON and CSV: UTC",
    )
    profile: Literal["production", "fast"] = Field(
        "production", description="durations of the protocol; fast is for loopback only"
    )
    chunk_size: int = Field(100, ge=1, le=1000, description="requests per message")
    worker_threads: int = Field(4, ge=1, le=64, description="chunks a worker sends at once")
    backlog_chunks: int = Field(8, ge=1, description="messages that may wait in a delivery queue")
    flush_rows: int = Field(50, ge=1, le=1000, description="answers recorded in one transaction")
    flush_seconds: Seconds = Field(0.02, description="longest an answer waits to be recorded")
    voice_per_second: Rate = Field(
        None, description="calls placed a second; 0: no limit; unset: 1, on loopback no limit"
    )
    voice_concurrent: int = Field(
        0, ge=0, le=100_000, description="calls under way at once, all workers; 0: no limit"
    )
    sms_per_second: Rate = Field(
        None, description="texts a second and sender; 0: no limit; unset: 1, on loopback no limit"
    )
    email_per_second: Rate = Field(
        None, description="mail requests a second; 0: no limit; unset: 10, on loopback no limit"
    )
    limits_url: LimitsAddress | None = Field(
        None, description="Redis or Valkey that keeps those limits; unset: BROKER_URL"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the library's own signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what it is made of: `given` alone reads anything."""
        return (init_settings,)

    @property
    def timing(self) -> Timing:
        """The durations of the chosen profile."""
        return PROFILES[self.profile]

    @property
    def twilio_auth_tokens(self) -> list[str]:
        """The tokens Twilio may sign with, newest first: two while one is rotated."""
        tokens = (self.twilio_auth_token, self.twilio_previous_auth_token)
        return [token.get_secret_value() for token in tokens if token]

    @property
    def provider_urls(self) -> dict[str, str]:
        """Every provider address by the name of its setting."""
        mail = "SMTP_HOST" if self.by_smtp else "SENDGRID_API_URL"
        beside = {f"accounts.{name}": keys.address for name, keys in self.read_accounts().items()}
        return {"TWILIO_API_URL": self.twilio_api_url, mail: self.mail_url} | beside

    @property
    def names(self) -> Names:
        """Return what is ours on the broker."""
        return Names(self.namespace, prefixed=self.broker_url.startswith("redis"))

    @property
    def limits_address(self) -> str:
        """The server that keeps the provider limits."""
        return self.limits_url or self.broker_url

    def rate_of(self, channel: str) -> float:
        """Provider requests a second on this channel; 0: no limit."""
        rates = {
            "VOICE": (self.voice_per_second, self.twilio_api_url, 1.0),
            "SMS": (self.sms_per_second, self.twilio_api_url, 1.0),
            "EMAIL": (self.email_per_second, self.mail_url, 10.0),
        }
        chosen, url, safe = rates[channel.upper()]
        if chosen is not None:
            return chosen
        return 0.0 if is_loopback(url) else safe

    @model_validator(mode="after")
    def _limits_have_a_server(self) -> Self:
        limited = self.accounts_file or any(map(self.rate_of, ("voice", "sms", "email")))
        if limited and not self.limits_address.startswith("redis"):
            raise ValueError(
                "LIMITS_URL is not set, and BROKER_URL is no Redis or Valkey to keep limits"
            )
        return self

    @model_validator(mode="after")
    def _listeners_are_apart(self) -> Self:
        if self.api_port == self.web_port:
            raise ValueError("API_PORT is WEB_PORT: what is private needs a port of its own")
        return self

    @model_validator(mode="after")
    def _secrets_fit_the_addresses(self) -> Self:
        outside = [name for name, url in self.provider_urls.items() if not is_loopback(url)]
        if outside and self.profile == "fast":
            raise ValueError(f"PROFILE=fast is refused unless {' and '.join(outside)} is loopback")
        known = {
            self.twilio_auth_token.get_secret_value(),
            self.sendgrid_api_key.get_secret_value(),
        }
        if outside and SANDBOX_SECRET in known:
            raise ValueError(f"the sandbox's credentials are set but {outside[0]} is not loopback")
        return self


RUN_FILE, LOCK_FILE = "run.env", "lock"
"""What a running house keeps in STATE_DIR: its settings for other terminals, and the proof that it runs."""
ENV_FILE = "OUTREACH_ENV_FILE"
"""Names the file of settings to read instead of `.env`; the demo names none, and so do its processes."""


def load() -> Settings:
    """Read the settings once, at a door.

    Raises:
        SettingsError: with one sentence per missing or wrong setting.
    """
    return judge(read_given())


def judge(values: Mapping[str, str]) -> Settings:
    """Settings out of texts, by their names in the environment; what is empty is not set.

    Raises:
        SettingsError: with one sentence per missing or wrong setting.
    """
    try:
        return Settings.model_validate(
            {name.lower(): value for name, value in values.items() if value}
        )
    except ValidationError as error:
        faults = [sentence(fault, Settings.model_fields) for fault in error.errors()]
        raise SettingsError(faults) from None


def read_given() -> dict[str, str]:
    """Return what somebody chose, by its name in the environment. This is the one reader of settings.

    The environment wins over the file; what a house that runs in STATE_DIR wrote down is that file.

    Raises:
        SettingsError: a file can't be read.
    """
    chosen = EnvSettingsSource(Settings)()
    file = _read(Path(os.environ.get(ENV_FILE, ".env")))
    state_dir = Path({**file, **chosen}.get("state_dir", ".outreach"))
    if is_running(state_dir):
        file = _read(state_dir / RUN_FILE)
    return {name.upper(): str(value) for name, value in {**file, **chosen}.items()}


def is_running(state_dir: Path) -> bool:
    """Return whether a house runs there; what one that was killed has left behind counts for nothing."""
    if not (state_dir / RUN_FILE).exists():
        return False
    try:
        with (state_dir / LOCK_FILE).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _read(file: Path) -> dict[str, str]:
    try:
        found = DotEnvSettingsSource(Settings, env_file=file)()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{file} can't be read ({type(error).__name__})"]) from None
    return {name: value for name, value in found.items() if value and name in Settings.model_fields}

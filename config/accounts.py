"""Accounts at providers beside the one of the settings: a TOML file that names secrets and holds none."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from re import fullmatch
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from config.addresses import AccountSid, Credential, Host, PublicKeys, WebAddress
from config.faults import PHRASES

MAIN = "main"
NAME = r"[a-z0-9][a-z0-9-]{0,29}"
BY_NAME = 'must be { env = "NAME" } or { file = "PATH" }: no secret stands in this file'


class AccountsError(Exception):
    """The file can't be used; each fault is a sentence that names account and key."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


def _read_secret(value: object) -> object:
    match value:
        case {"env": str(name), **others} if not others:
            if not os.environ.get(name):
                raise ValueError(f"{name} is not set in the environment")
            return os.environ[name]
        case {"file": str(path), **others} if not others:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                raise ValueError(f"{path} can't be read") from None
    raise ValueError(BY_NAME)


Secret = Annotated[Credential, BeforeValidator(_read_secret)]
Rate = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class _Account(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TwilioKeys(_Account):
    """An account that calls and texts; an agency's sub-account is one, too."""

    kind: Literal["twilio"]
    account_sid: AccountSid
    auth_token: Secret
    previous_auth_token: Secret | None = None
    api_url: WebAddress = "https://api.twilio.com"
    voice_per_second: Rate = 1.0
    sms_per_second: Rate = 1.0

    @property
    def address(self) -> str:
        """Return where it is reached."""
        return self.api_url

    @property
    def auth_tokens(self) -> list[str]:
        """What Twilio may sign with, newest first."""
        tokens = (self.auth_token, self.previous_auth_token)
        return [token.get_secret_value() for token in tokens if token]

    def rate_of(self, channel: str) -> float:
        """Requests a second; 0: no limit."""
        return self.voice_per_second if channel == "voice" else self.sms_per_second


class _MailKeys(_Account):
    email_per_second: Rate = 10.0

    def rate_of(self, channel: str) -> float:  # noqa: ARG002  it carries mail alone
        """Requests a second; 0: no limit."""
        return self.email_per_second


class SendGridKeys(_MailKeys):
    """An account that mails."""

    kind: Literal["sendgrid"]
    api_key: Secret
    webhook_key: PublicKeys
    api_url: WebAddress = "https://api.sendgrid.com"

    @property
    def address(self) -> str:
        """Return where it is reached."""
        return self.api_url


class SmtpKeys(_MailKeys):
    """A login at a mail server."""

    kind: Literal["smtp"]
    host: Host
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    user: str = ""
    password: Secret | None = None
    ca_file: Path | None = None
    return_path: str = ""
    connections: Annotated[int, Field(ge=1, le=1000)] = 10

    @property
    def address(self) -> str:
        """Return where it is reached."""
        return f"smtp://{self.host}:{self.port}"


Keys = TwilioKeys | SendGridKeys | SmtpKeys
_KEYS: TypeAdapter[Keys] = TypeAdapter(Annotated[Keys, Field(discriminator="kind")])
OURS = PHRASES | {
    "missing": "is not set",
    "extra_forbidden": "is no key of such an account",
    "union_tag_not_found": "kind is not set",
    "union_tag_invalid": "kind must be twilio, sendgrid or smtp",
}


def read_accounts(file: Path) -> dict[str, Keys]:
    """The accounts of a file by their names, with their secrets.

    Raises:
        AccountsError: with a sentence for each fault.
    """
    given, faults, found = _tables(file), list[str](), dict[str, Keys]()
    for name, table in given.items():
        try:
            found[name] = _KEYS.validate_python(table)
        except ValidationError as error:
            faults += _sentences(name, error)
        faults += _name_faults(name)
    if faults:
        raise AccountsError(faults)
    return found


def files_of(file: Path) -> Iterator[Path]:
    """The file and those that it names secrets in."""
    yield file
    tables = _tables(file).values()
    for value in (value for table in tables if isinstance(table, dict) for value in table.values()):
        if isinstance(value, dict) and isinstance(value.get("file"), str):
            yield Path(value["file"])


def _tables(file: Path) -> Mapping[str, object]:
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise AccountsError([f"{file} can't be read"]) from None
    except tomllib.TOMLDecodeError as error:
        raise AccountsError([f"{file} is no TOML: {error}"]) from None
    tables = read.pop("accounts", None)
    if read or not isinstance(tables, dict) or not tables:
        raise AccountsError([f"{file} must be of tables like [accounts.second]"])
    return tables


def _name_faults(name: str) -> Iterable[str]:
    if name == MAIN:
        yield "accounts.main: it is the account of the settings themselves"
    elif not fullmatch(NAME, name):
        yield f"accounts.{name}: a name is of up to 30 small letters, digits and hyphens"


def _sentences(name: str, error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in fault["loc"][1:])
        context = fault.get("ctx", {})
        ours = OURS.get(fault["type"], "is not what it takes")
        said = str(context["error"]) if "error" in context else ours.format(**context)
        yield f"accounts.{name}{'.' + key if key else ''}: {said}"

"""Addresses, keys and credentials of a deployment, judged so that nothing later stumbles over them.

No sentence repeats a value: an address may carry a password.
"""

from base64 import b64decode
from collections.abc import Iterable
from ipaddress import ip_address
from re import fullmatch
from typing import Annotated
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import AfterValidator, SecretStr

from config.address_parameters import POSTGRES as OF_POSTGRES
from config.address_parameters import REDIS as OF_REDIS
from config.address_parameters import refuse_unfit
from config.public_keys import is_public_key

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ELSEWHERE = frozenset({"host", "hostaddr", "service"})
"""Parameters of a PostgreSQL address that lead to another host than the one it names."""

WEB = "must be an http:// or https:// address"
POSTGRES = "must be a postgresql:// address"
BROKER = "must be a redis://, rediss://, amqp:// or amqps:// address"
LIMITS = "must be a redis:// or rediss:// address"
SPELLING = "with a port up to 65535; what is special in a user or password is written as %XX"


def is_loopback(url: str) -> bool:
    """Return whether the address can only reach this machine."""
    try:
        parts = urlsplit(url)
        return parts.hostname in LOOPBACK and not ELSEWHERE & parse_qs(parts.query).keys()
    except ValueError:
        return False


def webhook_key(secret: SecretStr) -> bytes:
    """The bytes that sign: base64 after `whsec_`, as Standard Webhooks writes a secret.

    Raises:
        ValueError: it is none.
    """
    prefix, _, encoded = secret.get_secret_value().partition("_")
    try:
        key = b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if prefix != "whsec" or not 24 <= len(key) <= 64:
        raise ValueError("must be whsec_ and 24 to 64 random bytes in base64")
    return key


def _split(value: str, schemes: Iterable[str], sentence: str) -> SplitResult:
    """The parts of an address.

    Raises:
        ValueError: it is none; or a password that was not escaped makes parts of it look like others.
    """
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(f"{sentence} {SPELLING}") from None
    if parts.scheme not in schemes or not (parts.hostname or parse_qs(parts.query).get("host")):
        raise ValueError(sentence)
    torn = parts.netloc.count("@") > 1 or "@" in parts.path + parts.query + parts.fragment
    if torn or port == 0 or "#" in value or not fullmatch(r"[!-~]+", value):
        raise ValueError(f"{sentence} {SPELLING}")
    return parts


def _web_address(value: str) -> str:
    if _split(value, {"http", "https"}, WEB).query:
        raise ValueError(f"{WEB} without a query")
    return value.rstrip("/")


def _postgres_address(value: str) -> str:
    parts = _split(value, {"postgresql", "postgres", "postgresql+psycopg"}, POSTGRES)
    refuse_unfit(parts, OF_POSTGRES, POSTGRES)
    return f"postgresql+psycopg://{value.partition('://')[2]}"


def _broker_address(value: str) -> str:
    return _redis_address(value, {"redis", "rediss", "amqp", "amqps"}, BROKER)


def _limits_address(value: str) -> str:
    return _redis_address(value, {"redis", "rediss"}, LIMITS)


def _redis_address(value: str, schemes: Iterable[str], sentence: str) -> str:
    parts = _split(value, schemes, sentence)
    if parts.scheme.startswith("redis") and not fullmatch(r"(/\d*)?", parts.path):
        raise ValueError(f"{sentence}, of Redis with the number of a database after the last /")
    if parts.scheme.startswith("redis"):
        refuse_unfit(parts, OF_REDIS, sentence)
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    webhook_key(value)
    return value


def _public_keys(value: str) -> str:
    """See https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features."""
    if not all(map(is_public_key, value.split(","))):
        raise ValueError("must be the webhook's public key as SendGrid shows it, in base64")
    return value


def _logins(value: SecretStr) -> SecretStr:
    if not all(fullmatch(r"[^:,]+:[^,]+", one) for one in value.get_secret_value().split(",")):
        raise ValueError("must be user:password")
    return value


def _account_sid(value: str) -> str:
    """It becomes part of an address."""
    if not fullmatch(r"AC[0-9A-Za-z]{32}", value):
        raise ValueError("must be AC and 32 letters or digits")
    return value


def _credential(value: SecretStr) -> SecretStr:
    """It becomes part of a header: a line end that came with it out of a file breaks every request."""
    if not fullmatch(r"[!-~]+", value.get_secret_value()):
        raise ValueError("must be of ASCII characters, without spaces or line ends")
    return value


def _host(value: str) -> str:
    try:
        ip_address(value)
    except ValueError:
        named = fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*", value)
        if not named or value.rpartition(".")[2].isdigit():
            raise ValueError("must be an IP address or the name of a host") from None
    return value


def _mailbox(value: str) -> str:
    if not fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise ValueError("must be a mailbox, like ana@example.com")
    return value


AccountSid = Annotated[str, AfterValidator(_account_sid)]
Credential = Annotated[SecretStr, AfterValidator(_credential)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Host = Annotated[str, AfterValidator(_host)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
PostgresAddress = Annotated[str, AfterValidator(_postgres_address)]
BrokerAddress = Annotated[str, AfterValidator(_broker_address)]
LimitsAddress = Annotated[str, AfterValidator(_limits_address)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_webhook_secret)]
PublicKeys = Annotated[str, AfterValidator(_public_keys)]
Logins = Annotated[SecretStr, AfterValidator(_logins)]

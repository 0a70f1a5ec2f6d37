"""Signing in to the console: sessions begun by a link that was made for somebody, and ended everywhere."""

from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe

from worker.domain.audit import Deed
from worker.domain.callers import AccessKey, Role
from worker.domain.errors import Mistake
from worker.store import audit, console_sessions
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.console_sessions import SignedIn

__all__ = [
    "NoKeyOfTheirs",
    "OneCampaign",
    "SignedIn",
    "SpentLink",
    "form_token",
    "is_form_token",
    "make_link",
    "sign_in_by_key",
    "sign_in_by_link",
    "sign_in_by_proxy",
    "sign_out",
    "sign_out_everywhere",
    "who_is_signed_in",
]

LINK_LASTS = timedelta(minutes=10)
SESSION_LASTS = timedelta(hours=12)
RANDOM_BYTES = 32
SUBJECT = "console"


class SpentLink(Mistake):
    """A link signs in once, and only for some minutes."""

    def __init__(self) -> None:
        super().__init__("this link was used already or is too old: ask for another one")


class OneCampaign(Mistake):
    """The console shows all campaigns."""

    def __init__(self) -> None:
        super().__init__("this key sees one campaign alone, and the console shows all of them")


class NoKeyOfTheirs(Mistake):
    """Nobody may do more than one of their keys may."""

    def __init__(self, owner: str) -> None:
        super().__init__(
            f"you are known as {owner}, and no key is yours: outreach key create NAME --role read"
            f" --owner {owner}"
        )


def make_link(engine: Engine, owner: str, role: Role) -> str:
    """Make the token of a link that signs `owner` in once, within ten minutes."""
    secret = token_urlsafe(RANDOM_BYTES)
    who = SignedIn(owner, role)
    in_transaction(engine, console_sessions.make_link, _digest(secret), who, LINK_LASTS)
    return secret


def sign_in_by_link(engine: Engine, secret: str) -> str:
    """Spend a link.

    Returns:
        what the browser keeps to be known by, for twelve hours.

    Raises:
        SpentLink: it is unknown, spent or too old.
    """

    def step(connection: Connection) -> str:
        who = console_sessions.spend_link(connection, _digest(secret))
        if who is None:
            raise SpentLink
        return _open(connection, who)

    return in_transaction(engine, step)


def sign_in_by_key(engine: Engine, key: AccessKey) -> str:
    """Sign in whoever has shown this key, for as long as it is in force.

    Returns:
        what the browser keeps to be known by, for twelve hours.

    Raises:
        OneCampaign: it may see one campaign alone.
    """
    if key.campaign_id is not None:
        raise OneCampaign
    return in_transaction(engine, _open, SignedIn(key.owner, key.role), key.id)


def sign_in_by_proxy(engine: Engine, owner: str) -> str:
    """Sign in whom a trusted proxy names, with the widest role of their keys while that key is in force.

    Returns:
        what the browser keeps to be known by, for twelve hours.

    Raises:
        NoKeyOfTheirs: they have none that sees all campaigns.
    """

    def step(connection: Connection) -> str:
        held = console_sessions.keys_of(connection, owner)
        if not held:
            raise NoKeyOfTheirs(owner)
        key, role = max(held, key=lambda one: list(Role).index(one[1]))
        return _open(connection, SignedIn(owner, role), key)

    return in_transaction(engine, step)


def who_is_signed_in(engine: Engine, cookie: str) -> SignedIn | None:
    """Find the owner of this cookie's session; None where there is none."""
    return in_transaction(engine, console_sessions.find_session, _digest(cookie))


def sign_out(engine: Engine, cookie: str, owner: str) -> None:
    """End this session."""

    def step(connection: Connection) -> None:
        console_sessions.end_session(connection, _digest(cookie))
        audit.note(connection, Deed.SIGN_OUT, SUBJECT, owner)

    in_transaction(engine, step)


def sign_out_everywhere(engine: Engine, owner: str) -> int:
    """End every session of somebody, whatever browser it is in. Returns how many."""

    def step(connection: Connection) -> int:
        ended = console_sessions.end_all_sessions(connection, owner)
        audit.note(connection, Deed.SIGN_OUT, SUBJECT, owner, detail={"sessions": ended})
        return ended

    return in_transaction(engine, step)


def form_token(cookie: str) -> str:
    """Return the token for each form of this session, so that no other site's form is taken for it."""
    return sha256(b"form:" + cookie.encode()).hexdigest()


def is_form_token(cookie: str, given: str) -> bool:
    """Return whether a form came from a page of this session."""
    return compare_digest(form_token(cookie).encode(), given.encode())


def _open(connection: Connection, who: SignedIn, key: int | None = None) -> str:
    cookie = token_urlsafe(RANDOM_BYTES)
    console_sessions.open_session(connection, _digest(cookie), who, SESSION_LASTS, key=key)
    audit.note(connection, Deed.SIGN_IN, SUBJECT, who.owner)
    return cookie


def _digest(secret: str) -> bytes:
    # Random of 256 bits: nothing slower than a hash is needed to keep it from being guessed.
    return sha256(secret.encode()).digest()
